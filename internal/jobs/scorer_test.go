package jobs_test

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"sync/atomic"
	"testing"
	"time"

	"github.com/freigabe/freigabe/internal/assess/external"
	"github.com/freigabe/freigabe/internal/moderation"
	"github.com/freigabe/freigabe/internal/store"
	"github.com/freigabe/freigabe/internal/store/storetest"
)

// What an external scorer says joins and is kept; one that is slow, fails or lies
// is "not checked" with its cause, is left alone after five failures, and the five
// rules are assessed all the same.
func TestExternalScorer(t *testing.T) {
	t.Parallel()
	storetest.OnEach(t, func(t *testing.T, dsn string) {
		var answer atomic.Value
		var asked atomic.Int32
		block := make(chan struct{})
		srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			asked.Add(1)
			switch a := answer.Load().(string); a {
			case "slow":
				<-block
			case "fail":
				w.WriteHeader(http.StatusInternalServerError)
			default:
				w.Write([]byte(a))
			}
		}))
		defer srv.Close()
		defer close(block)
		s := newSchool(t, dsn)
		alone := s.outside(t)
		if alone.External != nil {
			t.Fatalf("nobody was to be asked: %+v", alone.External)
		}
		if err := s.SaveSecrets(ctx, s.Site.ID, store.Secrets{Scorer: &store.Scorer{URL: srv.URL, Secret: "geheim", Seconds: 1}}); err != nil {
			t.Fatal(err)
		}
		answer.Store(`{"scores":{"aggression":0.97,"refuse":0.9}}`)
		a := s.outside(t)
		if a.External == nil || a.External.Scores["aggression"] != 0.97 || a.External.Host != srv.Listener.Addr().String() || a.External.NotChecked != "" {
			t.Fatalf("it said %+v", a.External)
		}
		if *a.Refuse <= *alone.Refuse || *a.Rules[moderation.Aggression].Value <= *alone.Rules[moderation.Aggression].Value {
			t.Error("what it said does not count")
		}
		for i, x := range []struct{ answer, cause string }{
			{"slow", external.Late}, {"fail", external.Failed}, {`{"scores":{"refuse":7}}`, external.Lied}, {"nonsense", external.Lied}, {"fail", external.Failed}, {"fail", external.Resting},
		} {
			answer.Store(x.answer)
			a = s.outside(t)
			if a.External == nil || a.External.NotChecked != x.cause || a.External.Scores != nil || a.Refuse == nil || *a.Refuse != *alone.Refuse {
				t.Fatalf("answer %d: %+v", i, a.External)
			}
			if state, err := s.ScorerState(ctx, s.Site.ID); err != nil || state.Cause != x.cause {
				t.Fatalf("answer %d is noted as %+v, %v", i, state, err)
			}
		}
		if n := asked.Load(); n != 6 {
			t.Errorf("asked %d times, not 6: a scorer that rests is left alone", n)
		}
		s.Clock.Pass(time.Minute)
		answer.Store(`{"scores":{"refuse":0.2}}`)
		if a = s.outside(t); a.External.Scores["refuse"] != 0.2 {
			t.Errorf("after its rest: %+v", a.External)
		}
	})
}

// outside posts a comment, has it assessed and gives what is on record.
func (s *school) outside(t *testing.T) moderation.Assessment {
	t.Helper()
	c := s.outsidePost(t)
	d, err := s.Dossier(ctx, c, 0)
	if err != nil || d.Assessment.Version == "" {
		t.Fatalf("not assessed: %v", err)
	}
	return d.Assessment
}

// What an external scorer said at submission is a feature of the site's model: one
// that is right where the words tell nothing is believed after a while, and one
// that says the contrary of the truth is turned round.
func TestExternalScorerIsLearned(t *testing.T) {
	t.Parallel()
	for name, lies := range map[string]bool{"right": false, "lying": true} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var refusable atomic.Bool
			srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				w.Write([]byte(map[bool]string{true: `{"scores":{"refuse":0.9}}`, false: `{"scores":{"refuse":0.1}}`}[refusable.Load() != lies]))
			}))
			defer srv.Close()
			s := newSchool(t, "sqlite:"+t.TempDir()+"/x.db")
			if err := s.SaveSecrets(ctx, s.Site.ID, store.Secrets{Scorer: &store.Scorer{URL: srv.URL}}); err != nil {
				t.Fatal(err)
			}
			for i := range 80 {
				refusable.Store(i%2 == 1)
				c := s.outsidePost(t)
				step := moderation.Approve
				if refusable.Load() {
					step = moderation.Reject
				}
				s.Do(s.Anna, step, c)
			}
			s.learns(t)
			if err := s.AddJob(ctx, "study", "models", "", s.Clock.Now()); err != nil {
				t.Fatal(err)
			}
			s.Clock.Pass(24 * time.Hour)
			if saved := s.learns(t); !saved[0].Retrained {
				t.Fatal("not trained at night")
			}
			refusable.Store(true)
			bad := *s.outside(t).Refuse
			refusable.Store(false)
			if good := *s.outside(t).Refuse; bad < good+0.2 {
				t.Errorf("refusable %.2f, not so %.2f", bad, good)
			}
		})
	}
}

func (s *school) outsidePost(t *testing.T) string {
	t.Helper()
	s.n++ // the same name and text again would be the same comment
	c := s.Post("", fmt.Sprintf("Berta %d", s.n), "Die Stadt hat es nicht verstanden.")
	drain(t, s.runner)
	return c.Comment
}
