package learn

import (
	"bytes"
	"errors"
	"math"
	"testing"
)

func TestMeasures(t *testing.T) {
	p, y := []float64{.1, .4, .35, .8}, []bool{false, false, true, true}
	if got := AUC(p, y); got != .75 {
		t.Errorf("AUC %v, want .75", got)
	}
	if got := AUC([]float64{1, 1}, []bool{true, false}); got != .5 {
		t.Errorf("AUC of ties %v", got)
	}
	if !math.IsNaN(AUC([]float64{1}, []bool{true})) {
		t.Error("AUC of one class")
	}
	if got := MacroF1(p, y, .5); math.Abs(got-(2.0/3+.8)/2) > 1e-9 {
		t.Errorf("macro-F1 %v", got)
	}
	if low, high := Wilson(98, 100); math.Abs(low-.930) > .001 || math.Abs(high-.994) > .001 {
		t.Errorf("Wilson %v %v", low, high)
	}
}

func TestPlattFindsTheCurve(t *testing.T) {
	var pts []Point
	for i := range 4000 {
		z := float64(i%80)/10 - 4
		p := 1 / (1 + math.Exp(-(0.5*z - 1)))
		pts = append(pts, Point{Z: z, Label: float64(i*7919%1000)/1000 < p, Weight: 1})
	}
	if a, b := Platt(pts); math.Abs(a-.5) > .1 || math.Abs(b+1) > .2 {
		t.Errorf("slope %v, shift %v", a, b)
	}
	if a, b := Platt(pts[:1]); a != 1 || b != 0 {
		t.Errorf("one point: %v %v", a, b)
	}
	if z := Prior(0, .5, .1); math.Abs(1/(1+math.Exp(-z))-.1) > 1e-9 {
		t.Errorf("prior: %v", z)
	}
}

func TestExactSeparates(t *testing.T) {
	var s []Sample
	for i := range 40 {
		s = append(s, Sample{Index: []uint32{uint32(i % 2), 9}, Value: []float32{.9, .4}, Label: i%2 == 0, Scale: 1})
	}
	m := Exact(s, 10, 0, Defaults)
	if m.Score(&s[0]) <= 0 || m.Score(&s[1]) >= 0 {
		t.Errorf("scores %v %v", m.Score(&s[0]), m.Score(&s[1]))
	}
}

func TestDeltaCodec(t *testing.T) {
	d := NewDelta(3)
	d.Weight[0], d.Weight[5], d.Weight[len(d.Weight)-1] = 7, -300, 32000
	d.Heads[2].Bias, d.Heads[2].Dense[1], d.Heads[2].Positive = 1.5, -2, 40
	var a, b bytes.Buffer
	if err := d.Encode(&a, "base-x", 99); err != nil {
		t.Fatal(err)
	}
	back, base, pos, err := DecodeDelta(bytes.NewReader(a.Bytes()), 3)
	if err != nil || base != "base-x" || pos != 99 {
		t.Fatal(base, pos, err)
	}
	if err := back.Encode(&b, base, pos); err != nil || !bytes.Equal(a.Bytes(), b.Bytes()) {
		t.Error("a difference that was read is written otherwise")
	}
	for i := range a.Len() {
		broken := bytes.Clone(a.Bytes())
		broken[i] ^= 4
		if _, _, _, err := DecodeDelta(bytes.NewReader(broken), 3); err == nil {
			t.Fatalf("byte %d was changed and the file read", i)
		}
	}
}

// FuzzDelta reads sealed files of any body, past the digest.
func FuzzDelta(f *testing.F) {
	f.Add([]byte{1, 0, 0, 0, 'x'})
	f.Fuzz(func(t *testing.T, raw []byte) {
		var a, b bytes.Buffer
		if writeSealed(&a, deltaMagic, raw) != nil || writeSealed(&b, baseMagic, raw) != nil {
			t.Fatal("could not write")
		}
		DecodeDelta(&a, 3)
		DecodeBase(&b)
	})
}

func TestBaseCodec(t *testing.T) {
	rows := []*Raw{NewRaw(&Vector{Index: []uint32{1, Buckets - 1}, Count: []float32{1, 2}, Dense: []float32{1}}, nil),
		NewRaw(&Vector{Index: []uint32{1, 2}, Count: []float32{1, 1}, Dense: []float32{0}}, nil)}
	b, weighed := Build(rows)
	one, more := weighed[0].Samples[0].Value, weighed[1].Samples[0].Value
	if !(one[0] == more[0] && weighed[1].Buckets[1] == Buckets-1) { // alone in their blocks: of length one
		t.Errorf("values %v and %v, buckets %v", one, more, weighed[1].Buckets)
	}
	b.Quantise([]string{"refuse"}, []*Linear{{Weight: []float32{1, -2, .5}, Dense: []float32{1}}}, weighed[1].Buckets)
	score := func(b *Base) float32 {
		var w Weighted
		v := Vector{Index: []uint32{1, 2, Buckets - 1}, Count: []float32{1, 1, 1}, Dense: []float32{1}}
		out := make([]float32, 1)
		b.Weigh(&v, &w)
		b.Predict(&v, &w, out)
		return out[0]
	}
	for _, power := range []float32{1, 1.6} {
		b.SetPower(power)
		var file bytes.Buffer
		if err := b.Encode(&file); err != nil {
			t.Fatal(err)
		}
		back, _, err := DecodeBase(&file)
		if err != nil || back.Power != power || score(back) != score(b) {
			t.Errorf("power %v was read as %+v, %v", power, back, err)
		}
	}
	for _, power := range []float32{0, -1, 99, float32(math.NaN())} {
		b.Power = power
		var file bytes.Buffer
		if err := b.Encode(&file); err != nil {
			t.Fatal(err)
		}
		if _, _, err := DecodeBase(&file); !errors.Is(err, ErrDamaged) {
			t.Errorf("power %v: %v", power, err)
		}
	}
}

// Files of an older form are sound, but not for this program.
func TestOlderFormsAreNamed(t *testing.T) {
	for _, magic := range []string{"FGBASE1\n", "FGBASE2\n", "FGSITE1\n"} {
		var file bytes.Buffer
		if err := writeSealed(&file, magic, []byte("body")); err != nil {
			t.Fatal(err)
		}
		var err error
		if magic[2] == 'B' {
			_, _, err = DecodeBase(&file)
		} else {
			_, _, _, err = DecodeDelta(&file, 3)
		}
		if !errors.Is(err, ErrVersion) {
			t.Errorf("%q: %v", magic, err)
		}
	}
}

func TestBestCut(t *testing.T) {
	var even, rare []float64
	for i := range 1000 {
		x := (float64(i) + .5) / 1000
		even, rare = append(even, x), append(rare, x*x*x)
	}
	if got := BestCut(even); math.Abs(got-.5) > .011 {
		t.Errorf("even classes: %v", got)
	}
	if got := BestCut(rare); got < .3 || got > .45 {
		t.Errorf("rare breaches: %v, want a cut below one half", got)
	}
	if got := BestCut(nil); got != .5 {
		t.Errorf("nothing: %v", got)
	}
}
