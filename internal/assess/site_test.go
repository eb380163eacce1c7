package assess

import (
	"bytes"
	"encoding/json"
	"fmt"
	"math"
	"math/rand/v2"
	"sync/atomic"
	"testing"

	"github.com/freigabe/freigabe/internal/moderation"
)

func TestCalibrationBandsAndDrift(t *testing.T) {
	var checked []Checked
	for i := range 600 {
		checked = append(checked, Checked{Score: 0.1, Refused: i%50 == 0}, Checked{Score: 0.9, Refused: i%4 != 0})
	}
	b := Bands(DefaultCuts, checked)
	if b[0].Rows != 600 || b[0].Precision != 0.98 || b[0].Low >= 0.98 || b[2].Precision != 0.75 || b[1].Rows != 0 {
		t.Errorf("bands: %+v", b)
	}
	var judged []Judged
	for _, c := range checked {
		judged = append(judged, Judged{c.Score >= 0.5, c.Refused})
	}
	if a := Judge(judged); a.Precision.Share != 0.75 || a.Recall.Share < 0.97 || a.Precision.Low >= 0.75 || a.Precision.High <= 0.75 {
		t.Errorf("judged: %+v", a)
	}
	calm, wild := Week{}, Week{}
	for i := range 200 {
		calm.Scores, calm.Unseen = append(calm.Scores, 0.2), append(calm.Unseen, 0.1+0.001*float64(i%9))
		calm.Expected, calm.Refused = append(calm.Expected, 0.2), append(calm.Refused, i%5 == 0)
		wild.Scores, wild.Unseen = append(wild.Scores, 0.7), append(wild.Unseen, 0.4)
		wild.Expected, wild.Refused = append(wild.Expected, 0.7), append(wild.Refused, false)
	}
	if d := Watch(calm, calm); d.Alarm {
		t.Errorf("alarm without a change: %+v", d)
	}
	slightly := calm
	slightly.Unseen = nil
	for i := range calm.Unseen {
		slightly.Unseen = append(slightly.Unseen, 0.115+0.001*float64(i%9))
	}
	if d := Watch(calm, slightly); d.Alarm || d.UnseenZ < 3 {
		t.Errorf("a difference that matters nothing: %+v", d)
	}
	if d := Watch(Week{}, Week{Scores: calm.Scores[:9], Expected: wild.Expected[:9], Refused: wild.Refused[:9]}); d.Alarm {
		t.Errorf("alarm over nine comments: %+v", d)
	}
	if d := Watch(calm, wild); len(d.Alarms) != 3 {
		t.Errorf("changed comments: %+v", d)
	}
	old, now := Evaluation{Rows: 1000, Refused: 200, AUC: 0.8}, Evaluation{Rows: 1000, Refused: 200, AUC: 0.7}
	if !now.Worse(old) || old.Worse(now) || (Evaluation{Rows: 20, Refused: 5, AUC: 0.1}).Worse(old) {
		t.Error("rollback is decided wrongly")
	}
}

// stream is what a newsroom decided: one of five comments is refused, for words
// that the base does not know, and three of a hundred decisions are slips.
func stream(n int) []Decision {
	rng := rand.New(rand.NewPCG(1, 2))
	good := []string{"Der Radweg am Fluss braucht Licht", "Die Schule soll länger offen bleiben", "Danke für die Übersicht zum Haushalt", "Der Bus kommt abends zu selten"}
	bad := []string{"Typisch Quorkel", "Die Quorkel wieder", "Was der Quorkel sagt, zählt nie", "Quorkelhaft wie immer"}
	var ds []Decision
	for i := range n {
		d := Decision{Position: uint64(i + 1), Input: Input{Text: fmt.Sprintf("%s, Fall %d", good[rng.IntN(len(good))], rng.IntN(40))}}
		refused := rng.IntN(5) == 0
		if refused {
			d.Input.Text = fmt.Sprintf("%s, Fall %d", bad[rng.IntN(len(bad))], rng.IntN(40))
		}
		if refused != (rng.IntN(33) == 0) {
			d.Outcome, d.Rule = Refused, moderation.Aggression
		}
		ds = append(ds, d)
	}
	return ds
}

func TestTrainCalibratesAndMeasures(t *testing.T) {
	m, ds := Default(), stream(900)
	shown := make([]*float64, len(ds))
	for i := range ds {
		shown[i] = m.Assess(ds[i].Input).Refuse
	}
	got := m.Train(ds, shown, nil)
	if got.Worse || got.Report.Held != 300 || got.Report.After.AUC < 0.9 || got.Report.After.AUC < got.Report.Before.AUC {
		t.Fatalf("%+v", got.Report)
	}
	h := got.Report.Heads[Refuse]
	if !h.Calibrated || !h.Own || h.ECE > 0.08 || h.Cuts.Fine >= h.Cuts.Breach || len(h.Bins) < 5 {
		t.Errorf("refuse: %+v", h)
	}
	fine, breach := h.Bands[0], h.Bands[2]
	if fine.Rows < 60 || fine.Precision < 0.9 || fine.Low >= fine.Precision || breach.Rows < 10 || breach.Precision < 0.75 || breach.Low >= breach.Precision {
		t.Errorf("bands: %+v", h.Bands)
	}
	if p := got.Report.Heads[string(moderation.Profanity)]; p.Calibrated || p.Positive != 0 || p.Rows == 0 || p.Rows >= h.Rows {
		t.Errorf("a rule that nothing was refused for: %+v", p)
	}
	// The scores of comments not seen yet mean what they say.
	var sum, refused float64
	for _, d := range stream(1200)[900:] {
		sum += *got.Site.Assess(d.Input).Refuse
		if d.Outcome == Refused {
			refused++
		}
	}
	if math.Abs(sum-refused) > 20 {
		t.Errorf("expected %.0f refusals of 300, there were %.0f", sum, refused)
	}
	var pauses atomic.Int64
	again := m.Train(ds, shown, func() { pauses.Add(1) })
	a, err1 := json.Marshal(got.Report)
	b, err2 := json.Marshal(again.Report)
	if err1 != nil || err2 != nil || !bytes.Equal(a, b) || !bytes.Equal(encode(t, got.Site), encode(t, again.Site)) {
		t.Errorf("the same decisions gave another model or report: %v %v", err1, err2)
	}
	if pauses.Load() < int64(len(ds)) {
		t.Errorf("%d pauses in a training on %d decisions", pauses.Load(), len(ds))
	}
	back, err := m.DecodeSite(bytes.NewReader(encode(t, got.Site)))
	if err != nil || back.Version() != got.Site.Version() {
		t.Errorf("read back as %v, %v", back, err)
	}
	if v := back.Learn(stream(901)[900]).Version(); v != m.Version()+"+901" {
		t.Errorf("after a step the version is %s", v)
	}
}

// A retrained model that is worse than what was shown at the time is not used.
func TestTrainRefusesTheWorse(t *testing.T) {
	ds := stream(600)
	shown := make([]*float64, len(ds))
	for i := range ds { // an oracle
		v := 0.1
		if ds[i].Outcome == Refused {
			v = 0.9
		}
		shown[i] = &v
		if i < 400 { // the past teaches the contrary
			ds[i].Outcome ^= Refused
		}
	}
	if got := Default().Train(ds, shown, nil); !got.Worse || got.Site != nil || got.Report.Before.AUC < 0.99 || got.Report.After.AUC > 0.7 {
		t.Errorf("%+v", got.Report)
	}
}

// With nothing, or hardly anything, decided there is a model and no claim.
func TestTrainOnLittle(t *testing.T) {
	for _, n := range []int{0, 1, 7} {
		got := Default().Train(stream(n), make([]*float64, n), nil)
		if got.Site == nil || got.Worse || got.Report.CutsOf(Refuse) != DefaultCuts || got.Report.Heads[Refuse].Own {
			t.Errorf("of %d decisions: %+v", n, got.Report)
		}
		if _, err := json.Marshal(got.Report); err != nil {
			t.Error(err)
		}
	}
}

func TestRefusalRatesByGroup(t *testing.T) {
	var ds []Told
	for i := range 60 {
		d := Told{Text: "Über Muslime wird viel geredet"}
		if i%2 == 0 {
			d.Text = "Über Radfahrer wird viel geredet"
		} else if i%3 != 0 {
			d.Refused = true
		}
		ds = append(ds, d)
	}
	for _, r := range RefusalRates(ds) {
		if r.Named != 30 || !r.Apart || (r.Group == "Muslime") != (r.Refused == 20) {
			t.Errorf("%+v", r)
		}
	}
}

// TestRulesDoNotLearnFromEachOther holds that a rule's own model is taught what it
// will see: not the scores of the other rules, which are not all known by then.
func TestRulesDoNotLearnFromEachOther(t *testing.T) {
	ds := make([]Decision, 120)
	for i := range ds {
		ds[i] = Decision{Position: uint64(i + 1), Input: Input{Text: sample}}
		if i%2 == 0 {
			ds[i] = Decision{Position: uint64(i + 1), Input: Input{Text: "Du Lügner, du Idiot!"}, Outcome: Refused, Rule: moderation.Aggression}
		}
	}
	s := Default().Retrain(ds)
	h := &s.delta.Heads[slotAggression]
	if !h.Taught() {
		t.Fatal("the rule was not taught")
	}
	for i, w := range h.Dense[sPrior : sPrior+5] {
		if w != 0 {
			t.Errorf("the rule weighs the score of %s with %v", slotNames[i], w)
		}
	}
	if all := s.delta.Heads[slotRefuse].Dense[sPrior : sPrior+5]; all[slotProfanity] == 0 {
		t.Error("\"would be refused\" does not see the rules")
	}
}
