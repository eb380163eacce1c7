package perspective

import (
	"context"
	"encoding/csv"
	"encoding/json"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/freigabe/freigabe/internal/web"
)

// Desks tells what was learned from other desks. A community that does not exist,
// or is another site's, is a moderation.NotFound.
type Desks interface {
	Neighbours(ctx context.Context, site string) ([]Neighbour, error)
	Report(ctx context.Context, site, id string) (Report, error)
	Decisions(ctx context.Context, site, id string, each func(Decided) error) error
}

// Neighbour is a desk that teaches a model of its own here.
type Neighbour struct {
	ID        string
	Name      string // as its client names it
	Decisions int
	Refused   int
	Since     time.Time // first decision
	Last      time.Time
	Model     string // version
}

// Report compares a model with the desk that teaches it. Each decision was scored
// before the model learned from it, so nothing here is hindsight.
type Report struct {
	Neighbour
	All   Agreement
	Weeks []Week // oldest first
	Bands []Band // calmest first
	Drift *Drift // nil until there are enough decisions
}

// Agreement is how well scores order what a desk released and refused: the
// probability that a refused comment scored above a released one.
type Agreement struct {
	Decisions int
	Refused   int
	AUC       *float64 // nil where only one kind was decided
	Base      *float64 // the same for the base, which learns nothing
	Brier     float64  // mean squared distance of score and verdict: 0 is best
}

// Week is the agreement in one week, which begins on Monday.
type Week struct {
	From time.Time
	Agreement
	Mean float64 // of the scores
}

// Band is where comments would have been sorted, and what the desk did with them.
type Band struct {
	Name      string // "calm", "middle" or "hot"
	From, To  float64
	Decisions int
	Refused   int
	Low, High float64 // 95 % interval of the share refused
}

// Drift compares the last decisions with the first ones. An index below 0.1 is
// usually read as stable, above 0.25 as changed.
type Drift struct {
	Index       float64 // population stability index of the scores
	RefusedThen float64 // share refused
	RefusedNow  float64
	Sample      int // decisions on each side
}

// Decided is one decision as it is exported: without the comment's text.
type Decided struct {
	Seq     int64    `json:"seq"`
	At      string   `json:"at"`
	Ref     string   `json:"ref,omitempty"`
	Refused bool     `json:"refused"`
	Score   *float64 `json:"score"` // before the model learned of it; null: not checked
	Base    *float64 `json:"base_score"`
	Model   string   `json:"model"`
}

type neighboursPage struct {
	web.Base
	List []Neighbour
}

type neighbourPage struct {
	web.Base
	Report
}

// Decimal writes a share or a score with two places, as the language does.
func (p neighbourPage) Decimal(v float64) string {
	text := strconv.FormatFloat(v, 'f', 2, 64)
	if p.Lang == "de" {
		return strings.Replace(text, ".", ",", 1)
	}
	return text
}

// Maybe is Decimal for a figure that may be missing.
func (p neighbourPage) Maybe(v *float64) string {
	if v == nil {
		return "–"
	}
	return p.Decimal(*v)
}

// Percent is a share of decisions.
func (p neighbourPage) Percent(part, whole int) string {
	if whole == 0 {
		return "–"
	}
	return strconv.Itoa((100*part+whole/2)/whole) + "\u00a0%"
}

// Share is a share between 0 and 1 in percent.
func (p neighbourPage) Share(v float64) string { return strconv.Itoa(int(100*v+0.5)) + "\u00a0%" }

// DriftKey names the words for how far scores have moved.
func (p neighbourPage) DriftKey() string {
	switch {
	case p.Drift.Index < 0.1:
		return "score.drift.stable"
	case p.Drift.Index < 0.25:
		return "score.drift.moving"
	}
	return "score.drift.changed"
}

func (s *facade) neighbours(w http.ResponseWriter, r *http.Request) error {
	list, err := s.Desks.Neighbours(r.Context(), web.WhoOf(r).Site())
	if err != nil {
		return fmt.Errorf("list neighbours: %w", err)
	}
	page := neighboursPage{Base: web.Base{Lang: web.Lang(r, "")}, List: list}
	page.Title = page.T("score.neighbours.title")
	return s.Server.Page(w, r, http.StatusOK, "score/neighbours.html", page)
}

func (s *facade) neighbour(w http.ResponseWriter, r *http.Request) error {
	report, err := s.Desks.Report(r.Context(), web.WhoOf(r).Site(), r.PathValue("id"))
	if err != nil {
		return fmt.Errorf("report on a neighbour: %w", err)
	}
	if r.URL.Query().Get("format") == "csv" {
		return weeksCSV(w, report)
	}
	page := neighbourPage{Base: web.Base{Lang: web.Lang(r, ""), Title: report.Name}, Report: report}
	return s.Server.Page(w, r, http.StatusOK, "score/neighbour.html", page)
}

// weeksCSV exports the agreement by week.
func weeksCSV(w http.ResponseWriter, r Report) error {
	w.Header().Set("Content-Type", "text/csv; charset=utf-8")
	w.Header().Set("Cache-Control", "no-store")
	out := csv.NewWriter(w)
	rows := [][]string{{"week", "decisions", "refused", "auc", "auc_base", "brier", "mean_score"}}
	for _, k := range r.Weeks {
		rows = append(rows, []string{k.From.Format(time.DateOnly), strconv.Itoa(k.Decisions), strconv.Itoa(k.Refused),
			figure(k.AUC), figure(k.Base), figure(&k.Brier), figure(&k.Mean)})
	}
	return out.WriteAll(rows)
}

func figure(v *float64) string {
	if v == nil {
		return ""
	}
	return strconv.FormatFloat(*v, 'f', 4, 64)
}

func (s *facade) export(w http.ResponseWriter, r *http.Request) error {
	site, id := web.WhoOf(r).Site(), r.PathValue("id")
	begun, enc := false, json.NewEncoder(w)
	begin := func() {
		begun = true
		w.Header().Set("Content-Type", "application/jsonl; charset=utf-8")
		w.Header().Set("Cache-Control", "no-store")
	}
	err := s.Desks.Decisions(r.Context(), site, id, func(d Decided) error {
		if !begun {
			begin()
		}
		return enc.Encode(d)
	})
	if err != nil && begun {
		panic(http.ErrAbortHandler) // the answer has begun: cut it, so that no half looks whole
	}
	if err == nil && !begun {
		begin()
	}
	return err
}
