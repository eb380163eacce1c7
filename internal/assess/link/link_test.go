package link

import "testing"

func TestFind(t *testing.T) {
	for in, want := range map[string]string{
		"siehe https://www.beispiel.de/a?b=1.": "beispiel.de", "auf beispiel.com, dort": "beispiel.com", "beispiel punkt de": "beispiel.de",
		"beispiel (dot) com": "beispiel.com", "hxxp://boese.example.org/x": "boese.example.org", "beispiel . de kaufen": "beispiel.de",
		"bit.ly/abc": "bit.ly", "mail an a.b@beispiel.org bitte": "beispiel.org", "www.beispiel.at": "beispiel.at", "t.me/kanal": "t.me",
		"das ist gut.es geht": "", "z.b. im haus": "", "ende.der anfang": "", "um 12.30 uhr": "", "der punkt ist": "", "u.a. am see": "", "version 1.2.3": "",
	} {
		got := ""
		if l := Find([]byte(in), nil); len(l) > 0 {
			got = l[0].Host
		}
		if got != want {
			t.Errorf("%q: got %q, want %q", in, got, want)
		}
	}
}

func TestKinds(t *testing.T) {
	if !Source("de.wikipedia.org") || !Source("www.tagesschau.de") || Source("wikipedia.shop") {
		t.Error("sources")
	}
	if Seller("uhren-rabatt.shop") != 2 || Seller("nabu.de") != 0 || !Contact("wa.me") || !Shortener("bit.ly") {
		t.Error("sellers")
	}
	if Tracking("/x?utm_source=a") == "" || Tracking("/x?page=2") != "" || Domain("a.b.beispiel.co.uk") != "beispiel.co.uk" {
		t.Error("parameters")
	}
}

func FuzzFind(f *testing.F) {
	f.Add([]byte("beispiel punkt de und http://x.y/z a@b.de"))
	f.Fuzz(func(t *testing.T, b []byte) {
		last := 0
		for _, l := range Find(b, nil) {
			if l.From < last || l.To <= l.From || l.To > len(b) {
				t.Fatalf("%+v", l)
			}
			last = l.To
		}
	})
}
