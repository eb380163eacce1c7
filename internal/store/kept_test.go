package store_test

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"path/filepath"
	"reflect"
	"sync"
	"testing"

	"github.com/freigabe/freigabe/internal/moderation"
	"github.com/freigabe/freigabe/internal/pgtest"
	"github.com/freigabe/freigabe/internal/store"
	"github.com/freigabe/freigabe/internal/store/storetest"
)

// Whatever authors, editors and the machine do, the kept counts of the chart and of
// the authors' records are what a plain count of the comments gives, the list below
// the chart holds just these, and a backup restored counts the same.
func TestKeptCountsAreThoseOfAPlainCount(t *testing.T) {
	storetest.OnEach(t, func(t *testing.T, dsn string) {
		h := storetest.NewHouse(t, dsn)
		blind := 20.0
		if err := h.SaveSettings(ctx, h.Site.ID, store.Settings{BlindPercent: &blind}); err != nil {
			t.Fatal(err)
		}
		seed := rand.Uint64()
		t.Logf("seed %d", seed)
		p := &pile{t: t, h: h, r: rand.New(rand.NewPCG(seed, 1))}
		moves := []func(){p.submit, p.submit, p.submit, p.verify, p.score, p.score, p.decide, p.decide, p.author, p.gather}
		for i := range 250 {
			moves[p.r.IntN(len(moves))]()
			if i%5 == 0 {
				p.compare(h.Store)
			}
		}
		if p.compare(h.Store) == 0 {
			t.Error("nothing waited at the end: the history shows nothing")
		}
		p.race()
		p.compare(h.Store)
		var backup bytes.Buffer
		if _, err := h.Backup(ctx, &backup); err != nil {
			t.Fatal(err)
		}
		for _, to := range []string{"sqlite:" + filepath.Join(t.TempDir(), "new.db"), pgtest.New(t)} {
			if _, err := store.Restore(ctx, store.Options{DSN: to}, bytes.NewReader(backup.Bytes())); err != nil {
				t.Fatal(err)
			}
			again, err := store.Open(ctx, store.Options{DSN: to})
			if err != nil {
				t.Fatal(err)
			}
			p.compare(again)
			if err := again.Close(); err != nil {
				t.Error(err)
			}
		}
	})
}

// race lets several do as they like at once.
func (p *pile) race() {
	var all sync.WaitGroup
	for i := range uint64(4) {
		all.Go(func() {
			mine := &pile{t: p.t, h: p.h, r: rand.New(rand.NewPCG(i, 2)), posted: p.posted}
			moves := []func(){mine.score, mine.score, mine.decide, mine.author, mine.gather}
			for range 15 {
				moves[mine.r.IntN(len(moves))]()
			}
		})
	}
	all.Wait()
}

// pile is a site's comments in the hands of many.
type pile struct {
	t      *testing.T
	h      *storetest.House
	r      *rand.Rand
	posted []store.Submitted
}

var frozenVersions = []string{"frozen-1", "frozen-2"}

func (p *pile) any() store.Submitted { return p.posted[p.r.IntN(len(p.posted))] }

// submit posts as a guest, some of them with an address, or as one of three
// readers with an account.
func (p *pile) submit() {
	n := len(p.posted)
	in := store.Submission{Article: p.h.Article.ID, Name: fmt.Sprint("Name ", n), Text: fmt.Sprint("Die Brücke bleibt zu, zum ", n), Sender: store.Sender{Now: fmt.Sprint(n), Before: fmt.Sprint(n)}}
	switch n % 3 {
	case 0:
		in.Proof = store.Proof{Kind: "account", Subject: fmt.Sprint("reader ", p.r.IntN(3))}
	case 1:
		in.Email = fmt.Sprintf("r%d@example.org", p.r.IntN(3))
	}
	out, err := p.h.Submit(ctx, in)
	if err != nil {
		p.t.Fatal(err)
	}
	p.posted = append(p.posted, out)
}

// verify opens the link that was mailed to an author.
func (p *pile) verify() {
	if len(p.posted) == 0 {
		return
	}
	rec, err := p.h.Receipt(ctx, p.any().Token)
	if err == nil {
		err = p.h.VerifyEmail(ctx, rec, store.Naming{})
	}
	if err != nil && moderation.KindOf(err) == 0 {
		p.t.Fatal(err)
	}
}

// score lets a frozen model judge one text or several, some of them again.
func (p *pile) score() {
	if len(p.posted) == 0 {
		return
	}
	var scores []store.Calm
	for range 1 + p.r.IntN(5) {
		scores = append(scores, store.Calm{Comment: p.any().Comment, Revision: 1 + p.r.IntN(3), Score: p.r.IntN(102) - 1, Model: frozenVersions[p.r.IntN(2)]})
	}
	if err := p.h.SaveCalm(ctx, p.h.Site.ID, scores); err != nil {
		p.t.Error(err)
	}
}

func (p *pile) decide() {
	if len(p.posted) == 0 {
		return
	}
	steps := []moderation.Step{moderation.Approve, moderation.Reject, moderation.Return, moderation.Escalate, moderation.Undo, moderation.Undo, moderation.Reconsider, moderation.Reconsider, moderation.Remove}
	who := []store.Editor{p.h.Anna, p.h.Jonas, p.h.Chief}[p.r.IntN(3)]
	if _, err := p.h.Step(who, steps[p.r.IntN(len(steps))], p.any().Comment); err != nil && moderation.KindOf(err) == 0 {
		p.t.Error(err)
	}
}

func (p *pile) author() {
	if len(p.posted) == 0 {
		return
	}
	step := []moderation.Step{moderation.Edit, moderation.Edit, moderation.Withdraw}[p.r.IntN(3)]
	if _, err := p.h.ByAuthor(step, p.any(), fmt.Sprint("Anders gesagt: ", p.r.IntN(1000))); err != nil && moderation.KindOf(err) == 0 {
		p.t.Error(err)
	}
}

func (p *pile) gather() {
	if err := p.h.Gather(ctx, p.h.Site.ID, p.authors()...); err != nil {
		p.t.Error(err)
	}
}

// compare holds the chart against a plain count, and both against the list; it
// gives how many comments wait.
func (p *pile) compare(s *store.Store) (all int) {
	p.t.Helper()
	p.records(s)
	for _, version := range frozenVersions {
		chart, err := s.Chart(ctx, p.h.Site.ID, version)
		if err != nil {
			p.t.Fatal(err)
		}
		var plain [20]int
		rows, err := s.Pool().Query("select calm from revisions where site_id = $1 and calm_model = $2 and state = 'pending' and blind = 0 and calm >= 0", p.h.Site.ID, version)
		if err != nil {
			p.t.Fatal(err)
		}
		for rows.Next() {
			var score int
			if err := rows.Scan(&score); err != nil {
				p.t.Fatal(err)
			}
			plain[min(score/5, 19)]++
			all++
		}
		if err := rows.Close(); err != nil {
			p.t.Fatal(err)
		}
		if chart != plain {
			p.t.Fatalf("%s: the chart says %v, a plain count %v", version, chart, plain)
		}
		for column, n := range chart {
			list, err := s.Calmly(ctx, p.h.Site.ID, version, 5*column, 5*column+5+column/19, 500)
			if err != nil || len(list) != n {
				p.t.Fatalf("%s: %d in the list of column %d, %d in the chart: %v", version, len(list), column, n, err)
			}
		}
	}
	return all
}

// authors are those who are proven.
func (p *pile) authors() (ids []string) {
	rows, err := p.h.Pool().Query("select distinct author_id from comments where proven = 1")
	if err != nil {
		p.t.Fatal(err)
	}
	defer rows.Close()
	for rows.Next() {
		var id string
		if err := rows.Scan(&id); err != nil {
			p.t.Fatal(err)
		}
		ids = append(ids, id)
	}
	return ids
}

// records holds the record of each proven author against a plain count.
func (p *pile) records(s *store.Store) {
	p.t.Helper()
	for _, id := range p.authors() {
		rec, err := s.RecordOf(ctx, id)
		if err != nil {
			p.t.Fatal(err)
		}
		var plain store.Record
		err = s.Pool().QueryRow(`select count(*), count(case when r.state = 'approved' then 1 end), count(case when r.state in ('rejected', 'returned', 'appealed') then 1 end),
			count(case when r.state = 'removed' then 1 end), count(case when r.state in ('pending', 'escalated') then 1 end)
			from comments c join revisions r on r.comment_id = c.id and r.number = c.revision where c.author_id = $1 and c.proven = 1`, id).
			Scan(&plain.Submitted, &plain.Approved, &plain.Rejected, &plain.Removed, &plain.Waits)
		if err != nil {
			p.t.Fatal(err)
		}
		got := store.Record{Submitted: rec.Submitted, Approved: rec.Approved, Rejected: rec.Rejected, Removed: rec.Removed, Waits: rec.Waits}
		if !reflect.DeepEqual(got, plain) {
			p.t.Fatalf("the record of %s says %+v, a plain count %+v", id, got, plain)
		}
	}
}
