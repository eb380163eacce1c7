package desk

import (
	"net/http"
	"regexp"
	"strings"
	"time"

	"github.com/freigabe/freigabe/internal/moderation"
	"github.com/freigabe/freigabe/internal/store"
)

// healthKinds are the kinds of work that the page of health names, what readers
// and editors notice first.
var healthKinds = []string{"publish", "assess", "purge", "webhook", "tell", "tell-parent", "letter", "notice", "measure", "mine", "signin", "digest", "digest-confirm", "news-confirm", "digests", "learn", "study", "calm", "expire"}

// healthPage is what health.html shows.
type healthPage struct {
	Frame
	Backend string
	Nodes   []store.Presence
	States  []moderation.State
	Work    []store.Backlog // kinds with work that is due
	Failed  []failureShown
	Intake  int // submissions that wait for their commit on this node
	Drift   []driftShown
	Pages   *pagesShown // nil: not known
}

// failureShown is a cause in plain words. The error itself is not shown: it may
// quote a mail server's answer, and with it a reader's address.
type failureShown struct {
	Kind     string
	Cause    string // key of its words
	Code     string // of the other server's answer, if it gave one
	N        int
	Attempts int
	Next     time.Time
}

// pagesShown is what the readers' pages kept in memory take up.
type pagesShown struct {
	Count    int
	MB, Most int
}

func (d *Desk) pagesShown() *pagesShown {
	if d.pages == nil {
		return nil
	}
	bytes, n := d.pages.Size()
	return &pagesShown{n, int((bytes + 1e6 - 1) / 1e6), int(d.pages.Budget() / 1e6)}
}

// driftShown is a site's alarm.
type driftShown struct {
	Site string
	store.Drift
}

func (d *Desk) healthPage(w http.ResponseWriter, r *http.Request) error {
	f, err := d.frame(r, "health", "health.title")
	if err != nil {
		return err
	}
	p := healthPage{Frame: f, Backend: d.store.Backend(), Intake: d.store.Arriving(), States: []moderation.State{moderation.Pending, moderation.Escalated, moderation.Appealed}}
	p.Pages = d.pagesShown()
	if p.Nodes, err = d.store.Nodes(r.Context()); err != nil {
		return err
	}
	work, err := d.store.Backlogs(r.Context(), healthKinds...)
	if err != nil {
		return err
	}
	for _, b := range work {
		if b.Due > 0 {
			p.Work = append(p.Work, b)
		}
	}
	failures, err := d.store.Failures(r.Context(), healthKinds...)
	if err != nil {
		return err
	}
	p.Failed = plainFailures(failures)
	sites, err := d.store.Sites(r.Context())
	if err != nil {
		return err
	}
	for _, x := range f.Drifting {
		for _, s := range sites {
			if s.ID == x.Site {
				p.Drift = append(p.Drift, driftShown{s.Name, x})
			}
		}
	}
	return d.srv.Page(w, r, http.StatusOK, "desk/health.html", p)
}

// plainFailures puts failures of one kind and one plain cause together.
func plainFailures(failures []store.Failure) []failureShown {
	var out []failureShown
	at := map[[3]string]int{}
	for _, x := range failures {
		cause, code := plainCause(x.Cause)
		key := [3]string{x.Kind, cause, code}
		i, known := at[key]
		if !known {
			i = len(out)
			at[key] = i
			out = append(out, failureShown{Kind: x.Kind, Cause: cause, Code: code, Next: x.Next})
		}
		o := &out[i]
		o.N += x.N
		o.Attempts = max(o.Attempts, x.Attempts)
		if x.Next.Before(o.Next) {
			o.Next = x.Next
		}
	}
	return out
}

// causes are words of errors, of the standard library and of databases, and what
// they mean; the first that fits holds.
var causes = [][2]string{
	{"connection refused", "refused"}, {"no such host", "name"}, {"server misbehaving", "name"}, {"x509:", "certificate"}, {"tls:", "certificate"},
	{"deadline exceeded", "slow"}, {"timeout", "slow"}, {"connection reset", "cut"}, {"broken pipe", "cut"}, {"EOF", "cut"},
	{"no route to host", "network"}, {"network is unreachable", "network"}, {"no space left", "full"},
}

// answerCode finds the status of an HTTP answer or the code of a mail server's.
var answerCode = regexp.MustCompile(`(?:^|[\s:])([45]\d\d)(?:[\s:]|$)`)

// plainCause gives the key of a cause's words, and the code of the other server's
// answer if there is one.
func plainCause(recorded string) (key, code string) {
	for _, c := range causes {
		if strings.Contains(recorded, c[0]) {
			return c[1], ""
		}
	}
	if m := answerCode.FindStringSubmatch(recorded); m != nil {
		return "answer", m[1]
	}
	return "unknown", ""
}
