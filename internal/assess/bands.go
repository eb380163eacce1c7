package assess

import "github.com/freigabe/freigabe/internal/assess/learn"

// The bands in which scores are shown, instead of bare numbers.
const (
	Fine    = "fine"
	Unclear = "unclear"
	Breach  = "breach"
)

// Cuts are the bounds between the bands.
type Cuts struct{ Fine, Breach float64 }

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

// Checked is a score and what an editor decided, blind to it.
type Checked struct {
	Score   float64
	Refused bool
}

// Band is what was measured in one band: how many, and the share that was
// rightly there (released in the fine band, refused in the others) with its
// Wilson interval at 95 %.
type Band struct {
	Name                 string
	Rows, Right          int
	Precision, Low, High float64
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

// BundleWindow is how many blindly checked comments a release in bundles rests
// on.
const BundleWindow = 500

// BundleAllowed reports whether comments of the fine band may be released in
// bundles: the lower bound of the band's precision, over the last blindly checked
// comments (newest last), must reach the wished one.
func BundleAllowed(c Cuts, checked []Checked, wished float64) bool {
	if len(checked) > BundleWindow {
		checked = checked[len(checked)-BundleWindow:]
	}
	fine := Bands(c, checked)[0]
	return fine.Rows > 0 && fine.Low >= wished
}

// SetCuts chooses bounds from a site's decided comments: the fine band is the
// largest whose lower bound of precision reaches the first wish, the breach band
// the largest that reaches the second. Where none does, the default stays.
func SetCuts(checked []Checked, wishFine, wishBreach float64) Cuts {
	c := DefaultCuts
	const steps = 50
	for i := steps - 1; i > 0; i-- {
		at := float64(i) / steps
		if b := Bands(Cuts{Fine: at, Breach: 1.01}, checked)[0]; b.Rows >= 30 && b.Low >= wishFine {
			c.Fine = at
			break
		}
	}
	for i := 1; i < steps; i++ {
		at := float64(i) / steps
		if b := Bands(Cuts{Fine: min(at, c.Fine), Breach: at}, checked)[2]; at > c.Fine && b.Rows >= 30 && b.Low >= wishBreach {
			c.Breach = at
			break
		}
	}
	if c.Breach <= c.Fine {
		c.Breach = min(1, c.Fine+0.1)
	}
	return c
}
