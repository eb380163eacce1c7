package assess

import "github.com/freigabe/freigabe/internal/assess/learn"

// The bands in which scores are shown, instead of bare numbers.
const (
	Fine    = "fine"
	Unclear = "unclear"
	Breach  = "breach"
)

// Cuts are the bounds between the bands.
type Cuts struct {
	Fine   float64 `json:"fine"`
	Breach float64 `json:"breach"`
}

// DefaultCuts hold until a site has decided enough to set its own.
var DefaultCuts = Cuts{Fine: 0.4, Breach: 0.7}

// Of names the band of a score.
func (c Cuts) Of(score float64) string {
	switch {
	case score < c.Fine:
		return Fine
	case score >= c.Breach:
		return Breach
	}
	return Unclear
}

// BandOf is a score's band: the one kept with it, by the bounds of its day, or else
// by the default bounds; "" without a score.
func BandOf(kept string, score *float64) string {
	if kept != "" || score == nil {
		return kept
	}
	return DefaultCuts.Of(*score)
}

// Checked is a score and what an editor decided, blind to it.
type Checked struct {
	Score   float64
	Refused bool
}

// Band is what was measured in one band: how many, and the share that was
// rightly there (released in the fine band, refused in the others) with its
// Wilson interval at 95 %.
type Band struct {
	Name      string  `json:"name"`
	Rows      int     `json:"rows"`
	Right     int     `json:"right"`
	Precision float64 `json:"precision"`
	Low       float64 `json:"low"`
	High      float64 `json:"high"`
}

// Bands measures the three bands over decided comments.
func Bands(c Cuts, checked []Checked) []Band {
	out := []Band{{Name: Fine}, {Name: Unclear}, {Name: Breach}}
	for _, x := range checked {
		b := &out[0]
		switch c.Of(x.Score) {
		case Unclear:
			b = &out[1]
		case Breach:
			b = &out[2]
		}
		b.Rows++
		if x.Refused != (b == &out[0]) {
			b.Right++
		}
	}
	for i := range out {
		b := &out[i]
		if b.Rows > 0 {
			b.Precision = float64(b.Right) / float64(b.Rows)
		}
		b.Low, b.High = learn.Wilson(b.Right, b.Rows)
	}
	return out
}

// baseShare is the share of breaches for which the base's scores, and with them
// the default cuts, are calibrated.
const baseShare = 0.2

// at moves bounds that hold at the base's share of breaches to another share, so
// that the same comments lie between them.
func (c Cuts) at(share float64) Cuts {
	move := func(p float64) float64 { return sigmoid(learn.Prior(logit(p), baseShare, share)) }
	return Cuts{move(c.Fine), move(c.Breach)}
}

// What a site's own bounds must reach: at least half of the breach band refused,
// and in the fine band at most half of the site's own share, by the lower bounds.
const wishBreach, leastInBand = 0.5, 30

// setCuts chooses bounds from a site's decided comments: the largest breach band
// and the largest fine band whose lower bounds of precision reach what is wished.
// Where none does, the bound given stays. Own tells whether either is new.
func setCuts(checked []Checked, c Cuts, share float64) (out Cuts, own bool) {
	const steps = 100
	out = c
	widest := 0
	for i := 1; i < steps; i++ {
		at := float64(i) / steps
		b := Bands(Cuts{Fine: 0, Breach: at}, checked)[2]
		if b.Rows >= leastInBand && b.Low >= wishBreach && b.Rows >= widest { // in a gap between scores, its upper end
			out.Breach, own, widest = at, true, b.Rows
		}
	}
	wishFine := max(0.95, 1-share/2)
	for i := steps - 1; i > 0; i-- {
		at := float64(i) / steps
		if b := Bands(Cuts{Fine: at, Breach: 1.01}, checked)[0]; at < out.Breach && b.Rows >= leastInBand && b.Low >= wishFine {
			out.Fine, own = at, true
			break
		}
	}
	if out.Breach <= out.Fine {
		out.Fine = out.Breach / 2
	}
	return out, own
}
