package store_test

import (
	"errors"
	"fmt"
	"net/netip"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/freigabe/freigabe/internal/bench/fill"
	"github.com/freigabe/freigabe/internal/moderation"
	"github.com/freigabe/freigabe/internal/store"
	"github.com/freigabe/freigabe/internal/store/storetest"
)

// smallTables are the tables that stay small in the largest installation, or whose whole
// is what is asked for.
var smallTables = map[string]bool{
	"sites": true, "editors": true, "policies": true, "nodes": true, "leases": true, "meta": true, "salts": true, "chains": true, "keys": true,
	"site_secrets": true, "migrations": true, "claims": true, "models": true, "communities": true,
}

// scansAllowed are statements that read a large table from one end, each for a reason.
var scansAllowed = map[string]string{
	"from notices where comment_id = $1 and kind = 'flag'": "an index that holds no more than a day's senders",
}

// TestPlans asks everything that readers, authors, editors and jobs ask, and then
// the database how it finds the answers. A statement that reads a large table from
// one end to the other fails, however fast it is on the few rows here.
func TestPlans(t *testing.T) {
	t.Parallel()
	storetest.OnEach(t, func(t *testing.T, dsn string) {
		h := storetest.NewHouse(t, dsn)
		if err := fill.Fill(ctx, h.Store, fill.Size{Sites: 20, Comments: 4000, Waiting: 1000, Thread: 400}, func(string) {}); err != nil {
			t.Fatal(err)
		}
		doubled(t, h)
		e := &everything{t: t, h: h}
		e.readers()
		e.authors()
		e.desk()
		e.jobs()
		e.watching()
		bad := 0
		plans := h.Plans(t)
		for _, p := range plans {
			if why := objection(p); why != "" {
				bad++
				t.Errorf("%s\n%s\n  %s", why, strings.Join(strings.Fields(p.Query), " "), strings.Join(p.Steps, "\n  "))
			}
		}
		if len(plans) < 80 {
			t.Errorf("only %d statements were asked", len(plans))
		}
		t.Logf("%d statements, %d scans", len(plans), bad)
		mustBite(t, h)
	})
}

// doubled fills the table of blind doubles, most of them judged: an empty table is
// read by any index.
func doubled(t *testing.T, h *storetest.House) {
	_, err := h.Pool().ExecContext(ctx, `insert into doubles (id, decision_id, site_id, article_id, comment_id, revision, ready_at, editor_id, step, answered_at)
		select d.id, d.id, d.site_id, r.article_id, d.comment_id, d.revision, d.at, case when d.seq % 20 = 0 then null else $1 end,
			case when d.seq % 20 = 0 then '' else 'approve' end, case when d.seq % 20 = 0 then null else d.at end
		from decisions d join revisions r on r.comment_id = d.comment_id and r.number = d.revision where d.step = 'approve' limit 2000`, h.Anna.ID)
	if err != nil {
		t.Fatal(err)
	}
}

// mustBite takes an index away and expects an objection.
func mustBite(t *testing.T, h *storetest.House) {
	if _, err := h.Pool().ExecContext(ctx, "drop index sessions_end"); err != nil {
		t.Fatal(err)
	}
	for _, p := range h.Plans(t) {
		if objection(p) != "" {
			return
		}
	}
	t.Error("a missing index went unnoticed")
}

var aliases = regexp.MustCompile(`(?:from|join|update|,)\s+([a-z_]+)\s+(?:as\s+)?([a-z_]+)`)

// objection says what is wrong with a plan.
func objection(p store.Plan) string {
	names := map[string]string{}
	for _, m := range aliases.FindAllStringSubmatch(p.Query, -1) {
		names[m[2]] = m[1]
	}
	for _, scan := range p.Scans {
		table, how, _ := strings.Cut(scan, " ")
		if real := names[table]; real != "" {
			table = real
		}
		limited := strings.HasPrefix(how, "USING") && strings.Contains(p.Query, "limit ") && !p.Sorts // in the order of an index, as far as needed
		minmax := strings.HasPrefix(how, "USING") && (strings.Contains(p.Query, "select max(id) from") || strings.Contains(p.Query, "select min(id) from"))
		derived := strings.Contains(p.Query, ") "+table) || strings.Contains(p.Query, "with recursive "+table+"(") || strings.HasPrefix(scan, "(") || strings.HasSuffix(scan, "CONSTANT ROWS") || strings.HasPrefix(scan, "CONSTANT") || strings.HasPrefix(p.Query, "with "+table+" (") || table == ""
		switch {
		case smallTables[table], limited, minmax, derived, strings.Contains(how, "VIRTUAL TABLE INDEX 0:M"), // by a word of the text
			strings.HasPrefix(how, "VIRTUAL TABLE INDEX 513"): // the list of words, from a word on
			continue
		}
		for part := range scansAllowed {
			if strings.Contains(p.Query, part) {
				return ""
			}
		}
		return "scans " + scan
	}
	if p.Sorts && strings.Contains(p.Query, "from revisions r join comments c") && strings.Contains(p.Query, "order by") && strings.Contains(p.Query, "r.state = 'pending'") {
		return "sorts everything that waits"
	}
	return ""
}

// everything asks the store all there is to ask.
type everything struct {
	t    *testing.T
	h    *storetest.House
	mine []store.Submitted
}

// ok takes an error, or none; a missing thing is an answer too.
func (e *everything) ok(what string, err error) {
	e.t.Helper()
	if err != nil && moderation.KindOf(err) == 0 && !errors.Is(err, store.ErrUnavailable) {
		e.t.Fatalf("%s: %v", what, err)
	}
	if errors.Is(err, store.ErrUnavailable) {
		e.t.Fatalf("%s: %v", what, err)
	}
}

func (e *everything) readers() {
	s := e.h.Store
	for _, sort := range []store.Sort{store.Oldest, store.Newest, store.Picks} {
		_, next, err := s.Thread(ctx, fill.LongThread, sort, 5, "")
		e.ok("thread", err)
		_, _, err = s.Thread(ctx, fill.LongThread, sort, 5, next)
		e.ok("thread's next page", err)
		_, err = s.PageWith(ctx, fill.LongThread, "l100000000300", sort, 50)
		e.ok("page with", err)
	}
	_, err := s.Released(ctx, fill.Comment)
	e.ok("released", err)
	for _, site := range []string{"", fill.Site} {
		for _, only := range []store.Only{store.All, store.OnlyPicks, store.OnlyAnswers} {
			_, err = s.Recent(ctx, site, "", only, 50)
			e.ok("recent", err)
			_, err = s.Recent(ctx, site, fill.LongThread, only, 50)
			e.ok("recent of an article", err)
		}
		_, err = s.Articles(ctx, site, 20)
		e.ok("articles", err)
	}
	_, err = s.Counts(ctx, []string{fill.Article, fill.LongThread})
	e.ok("counts", err)
	_, err = s.Article(ctx, fill.Article)
	e.ok("article", err)
	for _, site := range []string{"", fill.Site} {
		_, err = s.ArticleByURL(ctx, site, "https://blatt0.example/lang")
		e.ok("article by url", err)
	}
	_, err = s.Picture(ctx, "none")
	e.ok("picture", err)
	_, err = s.Site(ctx, fill.Site)
	e.ok("site", err)
	_, err = s.Sites(ctx)
	e.ok("sites", err)
	_, _, err = s.InPlace(ctx, fill.Article)
	e.ok("in place", err)
	_, _, err = s.WrittenTo(ctx, fill.Article)
	e.ok("written to", err)
	at, err := s.PublicHead(ctx)
	e.ok("head", err)
	_, _, err = s.PublicEvents(ctx, at)
	e.ok("events", err)
}

func (e *everything) authors() {
	s := e.h.Store
	sender, err := s.SenderOf(ctx, netip.MustParseAddr("203.0.113.9"))
	e.ok("sender", err)
	for i := range 6 {
		in := store.Submission{Article: fill.Article, Name: "Berta", Email: "berta@example.org", Text: fmt.Sprint("Text ", i), Sender: sender}
		c, err := s.Submit(ctx, in)
		e.ok("submit", err)
		e.mine = append(e.mine, c)
		in.Parent, in.Text = fill.Comment, "Antwort"
		_, err = s.Submit(ctx, in)
		e.ok("answer", err)
		_, err = s.Receipt(ctx, c.Token)
		e.ok("receipt", err)
	}
	_, err = e.h.ByAuthor(moderation.Edit, e.mine[0], "Anders")
	e.ok("edit", err)
	_, err = e.h.ByAuthor(moderation.Withdraw, e.mine[1], "")
	e.ok("withdraw", err)
	_, err = s.Report(ctx, store.Notice{Site: fill.Site, Comment: fill.Comment, Kind: "flag", Sender: sender})
	e.ok("report", err)
	token, err := s.MineToken(ctx, store.Mine{Site: fill.Site, Email: "b5@example.org"})
	e.ok("mine", err)
	_, _, err = s.ByMineToken(ctx, token)
	e.ok("by mine token", err)
}

func (e *everything) desk() {
	s, anna := e.h.Store, e.h.Anna
	states := []moderation.State{moderation.Pending, moderation.Escalated, moderation.Appealed, moderation.Approved, moderation.Rejected, moderation.Returned, moderation.Declined, moderation.Removed}
	for _, site := range []string{"", fill.Site} {
		for _, state := range states {
			for _, order := range []string{"oldest", "calm", "hot"} {
				f := store.QueueFilter{Site: site, State: state, Order: order, Limit: 20}
				_, next, err := s.Queue(ctx, f)
				e.ok("queue", err)
				f.Cursor = next
				_, _, err = s.Queue(ctx, f)
				e.ok("queue's next page", err)
				f.Cursor, f.Free = "", &store.Claimant{Editor: anna.ID, Holder: "x"}
				_, _, err = s.Queue(ctx, f)
				e.ok("free queue", err)
			}
		}
		for _, f := range []store.QueueFilter{{Article: fill.Article}, {Author: fill.Author}, {Rule: moderation.Digression}, {Section: "Lokales"}, {Flag: "threat"}, {Text: "Brücke"}, {NotBlind: true}, {Decider: anna.ID}} {
			f.Site = site
			_, _, err := s.Queue(ctx, f)
			e.ok("filtered queue", err)
		}
		_, err := s.QueueCounts(ctx, store.AtSite(site))
		e.ok("counts", err)
		_, err = s.ArticleLoads(ctx, store.AtSite(site), 50)
		e.ok("article loads", err)
		_, err = s.OpenNotices(ctx, store.AtSite(site), "flag", 50)
		e.ok("notices", err)
		_, err = s.CountNotices(ctx, store.AtSite(site))
		e.ok("count notices", err)
		_, err = s.Bundles(ctx, site, 20)
		e.ok("bundles", err)
		_, err = s.OldestWaiting(ctx, store.AtSite(site))
		e.ok("oldest waiting", err)
		_, err = s.Presence(ctx, store.AtSite(site))
		e.ok("presence", err)
		_, err = s.Editors(ctx, site)
		e.ok("editors", err)
	}
	e.search()
	_, err := s.Chart(ctx, fill.Site, fill.Model)
	e.ok("chart", err)
	_, err = s.Calmly(ctx, fill.Site, fill.Model, 0, 20, 200)
	e.ok("bundle", err)
	_, err = s.Uncalmed(ctx, fill.Site, fill.Model, 200)
	e.ok("unscored", err)
	_, err = s.Dossier(ctx, fill.Comment, 0)
	e.ok("dossier", err)
	_, err = s.RecordOf(ctx, fill.Author)
	e.ok("record", err)
	_, err = s.Said(ctx, fill.Comment)
	e.ok("said", err)
	_, err = s.Replies(ctx, fill.Comment, 20)
	e.ok("replies", err)
	_, err = s.Measures(ctx, fill.Author)
	e.ok("measures", err)
	_, err = s.Claim(ctx, store.Claimant{Editor: anna.ID, Holder: "x"}, []string{e.mine[3].Comment}, 1, time.Minute)
	e.ok("claim", err)
	e.ok("unclaim", s.Unclaim(ctx, store.Claimant{Editor: anna.ID, Holder: "x"}))
	_, err = s.Standings(ctx, []string{fill.Comment})
	e.ok("standings", err)
	e.decide()
	token, err := s.SignIn(ctx, anna.ID, "test")
	e.ok("sign in", err)
	_, err = s.Session(ctx, token)
	e.ok("session", err)
	_, err = s.Key(ctx, "none")
	e.ok("key", err)
	e.ok("note", s.AddNote(ctx, fill.Comment, anna.ID, "gesehen"))
}

// search looks for few words and for many, with their pages.
func (e *everything) search() {
	s := e.h.Store
	for _, f := range []store.QueueFilter{
		{Site: fill.Site, State: store.Any, Order: "newest"}, {State: store.Any}, // by the index of words
		{State: moderation.Pending, Order: "calm"}, {Site: fill.Site, State: moderation.Pending, Order: "newest"}, {Site: fill.Site, State: store.Any, Order: "hot"}, // by the queue
	} {
		if f.Order != "" && f.Order != "newest" || f.State == moderation.Pending {
			s.ReadLittle(2, 64, 50, 2)
		}
		f.Text, f.Limit = "kennwort1001", 2
		_, next, err := s.Queue(ctx, f)
		e.ok("search", err)
		f.Cursor = next
		_, _, err = s.Queue(ctx, f)
		e.ok("search's next page", err)
	}
}

// decide takes one comment along the whole way of decisions.
func (e *everything) decide() {
	for i, steps := range [][]moderation.Step{{moderation.Approve, moderation.Undo}, {moderation.Reject}, {moderation.Return}, {moderation.Escalate}} {
		for _, step := range steps {
			_, err := e.h.Step(e.h.Anna, step, e.mine[2+i].Comment)
			e.ok("decide", err)
		}
	}
	_, err := e.h.ByAuthor(moderation.Appeal, e.mine[3], "Ich bitte um Prüfung.")
	e.ok("appeal", err)
	res, err := e.h.Step(e.h.Jonas, moderation.Approve, e.mine[2].Comment)
	e.ok("approve", err)
	e.h.EndHold(res)
	_, err = e.h.Step(e.h.Anna, moderation.Pick, e.mine[2].Comment)
	e.ok("pick", err)
	_, err = e.h.Step(e.h.Anna, moderation.Remove, e.mine[2].Comment)
	e.ok("remove", err)
}

func (e *everything) jobs() {
	s := e.h.Store
	kinds := []string{"assess", "publish", "learn"}
	got, err := s.ClaimJobs(ctx, kinds, 3, time.Minute)
	e.ok("claim jobs", err)
	for i, j := range got {
		if i%2 == 0 {
			e.ok("finish", s.FinishJob(ctx, j))
			continue
		}
		e.ok("retry", s.RetryJob(ctx, j, s.Now(), "failed"))
	}
	_, err = s.NextJobs(ctx, kinds)
	e.ok("next jobs", err)
	_, _, err = s.Lease(ctx, "learn", "me", time.Minute)
	e.ok("lease", err)
	_, err = s.Unassessed(ctx, e.mine[4].Comment, 1)
	e.ok("unassessed", err)
	e.ok("save assessment", s.SaveAssessment(ctx, e.mine[4].Comment, 1, moderation.NotChecked("failed")))
	_, err = s.KnownAuthor(ctx, fill.Author)
	e.ok("known author", err)
	err = s.Fingerprints(ctx, fill.Site, s.Now().Add(-time.Hour), func(store.Observed) {})
	e.ok("fingerprints", err)
	_, _, err = s.Lessons(ctx, fill.Site, 0, 100)
	e.ok("lessons", err)
	_, err = s.Labels(ctx, fill.Site, 100)
	e.ok("labels", err)
	_, err = s.Models(ctx, fill.Site)
	e.ok("models", err)
	_, err = s.Expire(ctx)
	e.ok("expire", err)
	e.ok("gather", s.Gather(ctx, fill.Site, fill.Author))
}

func (e *everything) watching() {
	s, since := e.h.Store, e.h.Now().Add(-30*24*time.Hour)
	_, err := s.Backlogs(ctx, "assess", "publish")
	e.ok("backlogs", err)
	e.ok("present", s.Present(ctx, store.Presence{ID: "n1", Name: "n", Version: "1"}))
	_, err = s.Nodes(ctx)
	e.ok("nodes", err)
	for _, site := range []string{"", fill.Site} {
		p := store.Period{Site: site, From: since, To: e.h.Now()}
		_, err = s.Hours(ctx, p)
		e.ok("hours", err)
		for _, what := range []string{"rule", "section", "article", "hour"} {
			_, err = s.RefusalsBy(ctx, what, p)
			e.ok("refusals", err)
		}
		_, err = s.Outcomes(ctx, p)
		e.ok("outcomes", err)
		_, err = s.JudgedTwice(ctx, p)
		e.ok("judged twice", err)
		_, err = s.JudgedPairs(ctx, p)
		e.ok("judged pairs", err)
		_, err = s.Disagreements(ctx, store.AtSite(site), since, 50)
		e.ok("disagreements", err)
		_, err = s.NextDouble(ctx, store.Claimant{Editor: e.h.Anna.ID, Holder: "x"}, store.AtSite(site), nil, time.Minute)
		e.ok("next double", err)
		_, err = s.KeepDoubles(ctx, store.Claimant{Editor: e.h.Anna.ID, Holder: "x"}, nil, time.Minute)
		e.ok("keep doubles", err)
		_, err = s.Blindly(ctx, p, 0.5)
		e.ok("blindly", err)
		_, err = s.Pace(ctx, p)
		e.ok("pace", err)
		_, err = s.Waited(ctx, p, 200)
		e.ok("waited", err)
		_, _, err = s.HintOutcomes(ctx, p)
		e.ok("hints", err)
	}
}
