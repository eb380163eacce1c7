package importer

import (
	"bytes"
	"context"
	"encoding/json"
	"slices"
	"strings"
	"testing"

	"github.com/freigabe/freigabe/internal/store"
	"github.com/freigabe/freigabe/internal/store/storetest"
)

// samples hold the same thread in every format: a comment, an answer that stands
// before it in the file, one that waits where the format knows that, and one
// that was deleted.
var samples = map[string]string{
	"wordpress": `<?xml version="1.0"?><rss xmlns:wp="http://wordpress.org/export/1.2/"><channel><item><title>Die Brücke</title><link>https://blatt.example/b</link>
<wp:comment><wp:comment_id>2</wp:comment_id><wp:comment_author>Carl</wp:comment_author><wp:comment_date_gmt>2020-01-02 11:00:00</wp:comment_date_gmt><wp:comment_content><![CDATA[Nein.]]></wp:comment_content><wp:comment_approved>1</wp:comment_approved><wp:comment_parent>1</wp:comment_parent></wp:comment>
<wp:comment><wp:comment_id>1</wp:comment_id><wp:comment_author>Berta</wp:comment_author><wp:comment_author_email>berta@post.example</wp:comment_author_email><wp:comment_date_gmt>2020-01-02 10:00:00</wp:comment_date_gmt><wp:comment_content><![CDATA[<p>Endlich.</p><p>&Auml;rgerlich &amp; teuer.</p>]]></wp:comment_content><wp:comment_approved>1</wp:comment_approved><wp:comment_parent>0</wp:comment_parent></wp:comment>
<wp:comment><wp:comment_id>3</wp:comment_id><wp:comment_author>Dora</wp:comment_author><wp:comment_date_gmt>2020-01-02 12:00:00</wp:comment_date_gmt><wp:comment_content>Wartet.</wp:comment_content><wp:comment_approved>0</wp:comment_approved></wp:comment>
<wp:comment><wp:comment_id>4</wp:comment_id><wp:comment_author>X</wp:comment_author><wp:comment_date_gmt>2020-01-02 12:00:00</wp:comment_date_gmt><wp:comment_content>Kauft!</wp:comment_content><wp:comment_approved>spam</wp:comment_approved></wp:comment>
</item></channel></rss>`,
	"disqus": `<?xml version="1.0"?><disqus xmlns="http://disqus.com" xmlns:dsq="http://disqus.com/disqus-internals"><thread dsq:id="9"><link>https://blatt.example/b</link><title>Die Brücke</title></thread>
<post dsq:id="2"><message>Nein.</message><createdAt>2020-01-02T11:00:00Z</createdAt><isDeleted>false</isDeleted><isSpam>false</isSpam><author><name>Carl</name></author><thread dsq:id="9"/><parent dsq:id="1"/></post>
<post dsq:id="1"><message><![CDATA[<p>Endlich.</p><p>&Auml;rgerlich &amp; teuer.</p>]]></message><createdAt>2020-01-02T10:00:00Z</createdAt><isDeleted>false</isDeleted><isSpam>false</isSpam><author><name>Berta</name><email>berta@post.example</email></author><thread dsq:id="9"/></post>
<post dsq:id="4"><message>Kauft!</message><createdAt>2020-01-02T12:00:00Z</createdAt><isDeleted>true</isDeleted><isSpam>false</isSpam><thread dsq:id="9"/></post></disqus>`,
	"coral": `{"id":"2","parentID":"1","status":"NONE","createdAt":{"$date":"2020-01-02T11:00:00Z"},"revisions":[{"body":"Nein."}],"story":{"url":"https://blatt.example/b","metadata":{"title":"Die Brücke"}},"author":{"username":"Carl"}}
{"id":"1","status":"APPROVED","createdAt":"2020-01-02T10:00:00Z","revisions":[{"body":"alt"},{"body":"<div>Endlich.</div><div><br></div><div>Ärgerlich &amp; teuer.</div>"}],"story":{"url":"https://blatt.example/b"},"author":{"username":"Berta","email":"berta@post.example"}}
{"id":"3","status":"PREMOD","createdAt":"2020-01-02T12:00:00Z","body":"Wartet.","story":{"url":"https://blatt.example/b"},"author":{"username":"Dora"}}
{"id":"4","status":"REJECTED","createdAt":"2020-01-02T12:00:00Z","body":"Kauft!","story":{"url":"https://blatt.example/b"}}`,
	"isso": `[{"id":"https://blatt.example/b","title":"Die Brücke","comments":[{"id":2,"parent":1,"author":"Carl","text":"Nein.","mode":1,"created":1577962800},{"id":1,"parent":null,"author":"Berta","email":"berta@post.example","text":"Endlich.\n\nÄrgerlich &amp; teuer.","mode":1,"created":1577959200.0},{"id":3,"author":"Dora","text":"Wartet.","mode":2,"created":1577966400},{"id":4,"text":"","mode":4,"created":1577966400}]}]`,
	"remark42": `{"version":1,"users":[],"posts":[]}
{"id":"2","pid":"1","text":"<p>Nein.</p>","orig":"Nein.","user":{"name":"Carl"},"locator":{"url":"https://blatt.example/b"},"time":"2020-01-02T12:00:00+01:00","title":"Die Brücke"}
{"id":"1","pid":"","text":"<p>Endlich.</p><p>Ärgerlich &amp; teuer.</p>","user":{"name":"Berta"},"locator":{"url":"https://blatt.example/b"},"time":"2020-01-02T11:00:00+01:00","title":"Die Brücke"}
{"id":"4","text":"","user":{"name":"X"},"locator":{"url":"https://blatt.example/b"},"time":"2020-01-02T12:00:00+01:00","delete":true}`,
	"csv": "id,url,title,text,at,parent,name,email,status\n2,https://blatt.example/b,Die Brücke,Nein.,2020-01-02 11:00:00,1,Carl,,approved\n1,https://blatt.example/b,Die Brücke,\"Endlich.\n\nÄrgerlich & teuer.\",2020-01-02T10:00:00Z,,Berta,berta@post.example,\n3,https://blatt.example/b,,Wartet.,2020-01-02 12:00:00,,Dora,,pending\n4,https://blatt.example/b,,Kauft!,2020-01-02 12:00:00,,X,,spam\n",
}

func TestEveryFormatHasASample(t *testing.T) {
	for _, f := range Formats() {
		if samples[f] == "" && f != "freigabe" { // its sample is what export writes
			t.Errorf("%s has no sample", f)
		}
	}
}

func TestFormats(t *testing.T) {
	for format, sample := range samples {
		got, err := Read(format, strings.NewReader(sample))
		if err != nil {
			t.Errorf("%s: %v", format, err)
			continue
		}
		if len(got) < 2 || len(got) > 3 {
			t.Errorf("%s: %d comments: %+v", format, len(got), got)
			continue
		}
		first, answer := got[0], got[1]
		if first.Text != "Endlich.\n\nÄrgerlich & teuer." || first.Name != "Berta" || first.Status != Approved || first.At.Format("2006-01-02 15:04") != "2020-01-02 10:00" || first.URL != "https://blatt.example/b" {
			t.Errorf("%s: first %+v", format, first)
		}
		if answer.Parent != first.Key || answer.Text != "Nein." {
			t.Errorf("%s: answer %+v", format, answer)
		}
		if len(got) == 3 && got[2].Status != Pending {
			t.Errorf("%s: waiting %+v", format, got[2])
		}
	}
}

func TestWhatIsNoFileOfTheFormat(t *testing.T) {
	for _, format := range Formats() {
		for _, sample := range []string{"{", "<rss><item>", "id\n1", "[{\"comments\":3}]"} {
			if got, err := Read(format, strings.NewReader(sample)); err == nil && len(got) > 0 {
				t.Errorf("%s: %q gives %+v", format, sample, got)
			}
		}
	}
	if _, err := Read("unknown", strings.NewReader("")); err == nil || !strings.Contains(err.Error(), "wordpress") {
		t.Errorf("unknown format: %v", err)
	}
}

func TestAnswersThatNameEachOther(t *testing.T) {
	got := ordered([]Comment{{Key: "a", Parent: "b"}, {Key: "b", Parent: "a"}, {Key: "c", Parent: "c"}})
	if len(got) != 3 {
		t.Errorf("a circle gives %d of 3 comments", len(got))
	}
}

func TestImportTwiceAndMoveOn(t *testing.T) {
	storetest.OnEach(t, func(t *testing.T, dsn string) {
		ctx, h := context.Background(), storetest.NewHouse(t, dsn)
		to := Target{h.Store, h.Site, h.Anna}
		comments, err := Read("wordpress", strings.NewReader(samples["wordpress"]))
		if err != nil {
			t.Fatal(err)
		}
		done, err := Import(ctx, to, comments)
		if err != nil || done.Added != 3 || done.Released != 2 || done.Articles != 1 {
			t.Fatalf("imported %+v %v", done, err)
		}
		if done, err = Import(ctx, to, comments); err != nil || done.Added != 0 || done.Known != 3 || done.Articles != 0 {
			t.Fatalf("imported again %+v %v", done, err)
		}
		texts := released(t, h.Store, h.Site.ID)
		if !slices.Equal(texts, []string{"Endlich.\n\nÄrgerlich & teuer.", "Nein."}) {
			t.Fatalf("readers see %q", texts)
		}
		if n := h.Whole().Decisions; n != 2 {
			t.Fatalf("%d decisions", n)
		}
		var lines bytes.Buffer
		if err := h.Export(ctx, "", func(x store.Exported) error { return json.NewEncoder(&lines).Encode(x) }); err != nil {
			t.Fatal(err)
		}
		again, err := Read("freigabe", &lines)
		if err != nil || len(again) != 3 {
			t.Fatalf("export read again: %+v %v", again, err)
		}
	})
}

func released(t *testing.T, s *store.Store, site string) []string {
	t.Helper()
	a, err := s.ArticleByURL(context.Background(), site, "https://blatt.example/b")
	if err != nil {
		t.Fatal(err)
	}
	page, _, err := s.Thread(context.Background(), a.ID, store.Oldest, 50, "")
	if err != nil {
		t.Fatal(err)
	}
	var texts []string
	for _, c := range page {
		texts = append(texts, c.Text)
		if c.First.Year() != 2020 {
			t.Errorf("a comment lost its old place: %v", c.First)
		}
	}
	return texts
}
