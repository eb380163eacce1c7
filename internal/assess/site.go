package assess

import (
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"

	"github.com/freigabe/freigabe/internal/assess/learn"
	"github.com/freigabe/freigabe/internal/moderation"
)

// Site is a newsroom's own model: the shared base and the small difference that
// its decisions made. It is immutable; Learn and Retrain return a new one, so the
// old one serves until the new one is in place. Safe for concurrent use.
type Site struct {
	m        *Model
	delta    *learn.Delta
	position uint64
	afresh   bool // nothing was learned since it was trained from the start
}

// NewSite is a site that has learned nothing: it says what the base says.
func (m *Model) NewSite() *Site { return &Site{m: m, delta: learn.NewDelta(siteFeatures)} }

// Outcome is what became of a comment.
type Outcome uint8

// The outcomes a decision can have. NotSelected (capacity, thread closed) says
// nothing about rules and teaches nothing.
const (
	Approved Outcome = iota
	Refused
	NotSelected
)

// Decision is a decided comment, as the editors left it: an overturned one with
// its corrected outcome. Input must be what the assessment saw at submission.
type Decision struct {
	Position uint64 // in the site's chain of decisions
	Input    Input
	Outcome  Outcome
	Rule     moderation.Rule // what it was refused for
	AgeDays  float64         // before the newest, for decay
}

// Version is the base's version and the position in the chain of decisions up to
// which the site has learned: the same decisions give the same model anywhere. An
// "r" after it says that the model was trained from the start at that position,
// which another number of steps would not have given.
func (s *Site) Version() string {
	if s.position == 0 {
		return s.m.version
	}
	v := s.m.version + "+" + strconv.FormatUint(s.position, 10)
	if s.afresh {
		v += afreshMark
	}
	return v
}

// afreshMark stands behind the version of a model that was trained from the start.
const afreshMark = "r"

// Position is the last decision the site has learned.
func (s *Site) Position() uint64 { return s.position }

// Assess judges one comment by the base and what this site has learned.
func (s *Site) Assess(in Input) moderation.Assessment { return assess(s.m, s, in) }

// The dense features of a site: those of the text, then these.
const (
	sHistory     = denseFeatures + iota // smoothed refusal rate of a proven author
	sDecided                            // ln of the author's decided comments
	sAge                                // ln of days since the author's first comment
	sKnown                              // the author is proven
	sReply                              // the comment has a parent
	sPrior                              // five priors of the rules follow
	sExternal    = sPrior + 5           // an external scorer's six log-odds by slot follow
	sAsked       = sExternal + 6        // the external scorer answered
	siteFeatures = sAsked + 1
)

// priorShare is how many decisions the site-wide refusal rate counts for in an
// author's rate.
const priorShare, typicalRefusals = 3, 0.1

// siteDense appends what a site's model sees beside the words.
func (r *result) siteDense(dst []float32, priors *[6]float64) []float32 {
	dst = append(dst[:0], r.weighted.Dense...)
	var x [siteFeatures - denseFeatures]float32
	at := func(i int) *float32 { return &x[i-denseFeatures] }
	if h := r.in.Author; h != nil {
		decided := float64(max(0, h.Approved) + max(0, h.Rejected))
		rate := (float64(max(0, h.Rejected)) + priorShare*typicalRefusals) / (decided + priorShare)
		*at(sHistory) = float32(logit(rate)-logit(typicalRefusals)) * 0.8
		*at(sDecided) = log1p(decided) / 3
		*at(sAge) = log1p(float64(max(0, h.AgeDays))) / 4
		*at(sKnown) = 1
	}
	if r.in.Parent != "" {
		*at(sReply) = 1
	}
	for i := range 5 {
		*at(sPrior + i) = float32(max(-4, min(4, priors[i]))) / 3
	}
	for slot, name := range slotNames {
		if p, ok := r.in.External[name]; ok && p >= 0 && p <= 1 {
			*at(sExternal + slot) = float32(clampPrior(logit(p)))
			*at(sAsked) = 1
		}
	}
	return append(dst, x[:]...)
}

// withoutPriors takes out the rules' priors: when a rule is judged, not all of
// them are known, so a rule's model sees none, neither in training nor later.
func withoutPriors(dense []float32) []float32 {
	clear(dense[sPrior : sPrior+5])
	return dense
}

var slotOf = map[moderation.Rule]int{
	moderation.Insinuation: slotInsinuation, moderation.Profanity: slotProfanity, moderation.Aggression: slotAggression,
	moderation.Advertising: slotAdvertising, moderation.Digression: slotDigression, Refuse: slotRefuse,
}

// learned gives a rule's probability from the log-odds that base and lists came
// to: by the site's own model where it has learned enough, joined with an
// external scorer's where there is one.
func (r *result) learned(rule moderation.Rule, z float64) float64 {
	slot := slotOf[rule]
	r.priors[slot] = z
	if p, ok := r.in.External[string(rule)]; ok && p >= 0 && p <= 1 {
		z = 0.5*z + 0.5*logit(p)
		r.priors[slot] = z
	}
	if r.s == nil {
		return sigmoid(z)
	}
	if !r.summed {
		r.sums = [learn.DeltaHeads]float32{}
		r.s.delta.Sums(&r.vector, &r.weighted, &r.sums)
		r.summed = true
	}
	h := &r.s.delta.Heads[slot]
	if !h.Taught() {
		return sigmoid(z)
	}
	r.siteVec = r.siteDense(r.siteVec, &r.priors)
	if rule != Refuse {
		r.siteVec = withoutPriors(r.siteVec)
	}
	own := h.Score(r.sums[slot], r.siteVec, float32(clampPrior(z)))
	return sigmoid(float64(h.Slope*own + h.Shift))
}

func clampPrior(z float64) float64 { return max(-4, min(4, z)) / 2 }

// lesson turns a decision into what the learner sees. Ok is false where it
// teaches nothing.
func (m *Model) lesson(d *Decision, a *analysis) (l learn.Lesson, ok bool) {
	if d.Outcome == NotSelected {
		return l, false
	}
	a.read(d.Input.Text, d.Input.Site.Language)
	r := result{analysis: a, m: m, in: &d.Input, version: m.version}
	r.all()
	if r.text.Stats.Chars == 0 {
		return l, false
	}
	dense := r.siteDense(nil, &r.priors)
	l = learn.NewLesson(&r.vector, &r.weighted, dense, withoutPriors(slices.Clone(dense)))
	l.Scale = decay(d.AgeDays)
	for h := range l.Label {
		l.Prior[h] = float32(clampPrior(r.priors[h]))
		l.Label[h] = -1
		if d.Outcome == Approved {
			l.Label[h] = 0
		}
	}
	if d.Outcome == Refused {
		l.Label[slotRefuse] = 1
		if slot, known := slotOf[d.Rule]; known && d.Rule != Refuse {
			l.Label[slot] = 1
		}
	}
	return l, true
}

// decay halves a decision's weight in a year and a half.
func decay(days float64) float32 {
	if days <= 0 {
		return 1
	}
	return float32(1 / (1 + days/550))
}

// Learn takes in decisions in the order of their positions, one step each, and
// returns the taught site. Decisions up to the site's position are skipped, so
// that taking one in twice does no harm.
func (s *Site) Learn(ds ...Decision) *Site {
	n := &Site{m: s.m, delta: s.delta.Clone(), position: s.position, afresh: s.afresh}
	a := analyses.Get().(*analysis)
	defer analyses.Put(a)
	for i := range ds {
		if ds[i].Position <= n.position {
			continue
		}
		// A step has its full weight whatever came with it in one call: an age
		// counted from the call's newest decision would depend on how they were dealt out.
		d := ds[i]
		d.AgeDays = 0
		if l, ok := s.m.lesson(&d, a); ok {
			n.delta.Step(&l)
		}
		n.position, n.afresh = ds[i].Position, false
	}
	return n
}

// Retrain learns all decisions from the start and returns the new site. The same
// decisions give the same model.
func (m *Model) Retrain(ds []Decision) *Site { return m.course(ds, nil).retrain(len(ds)) }

// course is decisions made ready to train from, several times over.
type course struct {
	m       *Model
	ds      []Decision
	lessons *learn.Course
	taught  []int // lessons among the first decisions, by how many those are
	pause   func()
}

// course prepares decisions on all processors, keeping their order. A pause that is
// nil is none.
func (m *Model) course(ds []Decision, pause func()) *course {
	if pause == nil {
		pause = func() {}
	}
	out, ok := make([]learn.Lesson, len(ds)), make([]bool, len(ds))
	onAll(len(ds), func(i int, a *analysis) {
		pause()
		out[i], ok[i] = m.lesson(&ds[i], a)
	})
	c := &course{m: m, ds: ds, pause: pause, taught: make([]int, len(ds)+1)}
	kept := out[:0]
	for i := range out {
		if ok[i] {
			kept = append(kept, out[i])
		}
		c.taught[i+1] = len(kept)
	}
	c.lessons = learn.NewCourse(kept)
	return c
}

// retrain learns the first n decisions from the start.
func (c *course) retrain(n int) *Site {
	o := learn.DeltaDefaults
	o.Pause = c.pause
	s := &Site{m: c.m, delta: c.lessons.Retrain(c.taught[n], siteFeatures, o), afresh: true}
	for i := range c.ds[:n] {
		s.position = max(s.position, c.ds[i].Position)
	}
	return s
}

// Encode writes the site's difference.
func (s *Site) Encode(w io.Writer) error {
	base := s.m.version
	if s.afresh {
		base += "\n" + afreshMark
	}
	if err := s.delta.Encode(w, base, s.position); err != nil {
		return fmt.Errorf("encode site model: %w", err)
	}
	return nil
}

// DecodeSite reads a site's difference. One that was learned on another base is
// refused: it must be retrained.
func (m *Model) DecodeSite(r io.Reader) (*Site, error) {
	d, base, position, err := learn.DecodeDelta(r, siteFeatures)
	if err != nil {
		return nil, fmt.Errorf("decode site model: %w", err)
	}
	base, afresh := strings.CutSuffix(base, "\n"+afreshMark)
	if base != m.version {
		return nil, fmt.Errorf("decode site model: it was learned on %s, this is %s: retrain it", base, m.version)
	}
	return &Site{m: m, delta: d, position: position, afresh: afresh}, nil
}
