package bound

import (
	"math"
	"math/rand/v2"
	"testing"
)

func at(t *testing.T, ranges []Range, lower, upper int) Range {
	t.Helper()
	for _, r := range ranges {
		if r.Lower == lower && r.Upper == upper {
			return r
		}
	}
	t.Fatalf("no range from %d to %d", lower, upper)
	return Range{}
}

func TestNumbersOfTheTables(t *testing.T) {
	for _, tt := range []struct {
		n, k      int
		low, high float64
	}{ // from the tables of Clopper and Pearson at 95 %
		{10, 0, 0, 0.3085}, {10, 1, 0.0025, 0.4450}, {20, 3, 0.0321, 0.3789}, {100, 5, 0.0164, 0.1128}, {10, 10, 0.6915, 1},
	} {
		low, high := Interval(tt.n, tt.k, 0.95)
		if math.Abs(low-tt.low) > 5e-5 || math.Abs(high-tt.high) > 5e-5 {
			t.Errorf("%d of %d: %.4f to %.4f, want %.4f to %.4f", tt.k, tt.n, low, high, tt.low, tt.high)
		}
	}
	if Rejected(148, 0, 0.02, 0.05) || !Rejected(149, 0, 0.02, 0.05) {
		t.Error("at 98 % it takes 149 decisions without an error")
	}
	if n := missing(100, 0, 0.02, 0.05); n != 49 {
		t.Errorf("after 100 decisions %d are missing, want 49", n)
	}
	if n := missing(149, 1, 0.02, 0.05); n != 236-149 {
		t.Errorf("with one error %d are missing, want %d", n, 236-149)
	}
	for _, n := range []int{40_000, 80_000} { // the second is too small for a float
		if got, want := cdf(n/100, n, 0.0101), cdfLog(n/100, n, 0.0101); math.Abs(got-want) > 1e-6 {
			t.Errorf("of %d: %v, by logarithms %v", n, got, want)
		}
	}
}

// calm gives n decisions without an error at a score.
func calm(score, n int) []Label {
	out := make([]Label, n)
	for i := range out {
		out[i].Score = score
	}
	return out
}

func TestTheFirstRangeTakes149(t *testing.T) {
	if got := Test(calm(17, 148), 0.98, 0.95); at(t, got, 0, 20).Holds || at(t, got, 0, 20).Missing != 1 {
		t.Errorf("148 labels: %+v", at(t, got, 0, 20))
	}
	got := Test(calm(17, 149), 0.98, 0.95)
	if !at(t, got, 0, 20).Holds {
		t.Errorf("149 labels: %+v", at(t, got, 0, 20))
	}
	// The next place is tested at nine tenths of the level, a lower handle at the rest.
	if r := at(t, got, 0, 25); r.Holds || r.Missing != 154-149 {
		t.Errorf("the next place: %+v", r)
	}
	if r := at(t, got, 5, 20); r.Holds || r.Missing != 263-149 {
		t.Errorf("a lower handle: %+v", r)
	}
	if r := at(t, got, 10, 20); r.Level != 0 || r.Missing != 0 {
		t.Errorf("what waits for another range has no level: %+v", r)
	}
	if got := Test(nil, 0.98, 0.95); at(t, got, 0, 20).Missing != 149 || at(t, got, 0, 20).Holds {
		t.Errorf("with nothing known: %+v", at(t, got, 0, 20))
	}
}

func TestManyLabelsOpenEveryRange(t *testing.T) {
	var labels []Label
	for s := 0; s < Highest; s += Step {
		labels = append(labels, calm(s+1, 300)...)
	}
	for _, r := range Test(labels, 0.98, 0.95) {
		if !r.Holds {
			t.Errorf("%+v does not hold", r)
		}
	}
}

func TestRangesBehindAFailureStayShut(t *testing.T) {
	labels := append(calm(10, 400), calm(27, 5000)...)
	for range 20 {
		labels = append(labels, Label{Score: 22, Refused: true})
	}
	got := Test(labels, 0.98, 0.95)
	if !at(t, got, 0, 20).Holds || at(t, got, 0, 25).Holds || at(t, got, 0, 30).Holds || at(t, got, 25, 30).Holds {
		t.Errorf("ranges: %+v", got)
	}
	if !at(t, got, 10, 20).Holds || at(t, got, 15, 20).Holds {
		t.Error("the lower handle may go up to the labels and no further")
	}
}

// The weights never grow beyond the whole level, whatever is rejected when.
func TestTheLevelIsNeverMoreThanOne(t *testing.T) {
	random := rand.New(rand.NewPCG(3, 5))
	for range 200 {
		g := family(Ranges())
		for _, i := range random.Perm(len(g.weight))[:random.IntN(len(g.weight))] {
			g.remove(i)
			total := 0.0
			for j, w := range g.weight {
				total += w
				out := 0.0
				for _, e := range g.edge[j] {
					out += e
				}
				if w < 0 || out > 1+1e-9 {
					t.Fatalf("weight %v, edges %v", w, out)
				}
			}
			if total > 1+1e-9 {
				t.Fatalf("the weights add up to %v", total)
			}
		}
	}
}

// population has a share of errors for each place of the grid.
type population func(score float64) float64

// In thousands of draws, a range that does not deserve it is offered at most as
// often as the confidence allows, whatever the other ranges are like.
func TestConfidenceHolds(t *testing.T) {
	random := rand.New(rand.NewPCG(7, 11))
	const draws, wished, confidence = 1000, 0.98, 0.95
	for name, errors := range map[string]population{
		"just above the bound everywhere": func(float64) float64 { return 0.0201 },
		"bad above the lower handle":      func(s float64) float64 { return map[bool]float64{true: 0.026, false: 0.001}[s >= 0.1] },
		"bad above the first place":       func(s float64) float64 { return map[bool]float64{true: 0.08, false: 0.0005}[s >= 0.2] },
		"growing with the score":          func(s float64) float64 { return 0.12 * s * s },
	} {
		for _, size := range []int{150, 500, 2000} {
			wrong := 0
			for range draws {
				labels := make([]Label, size)
				for i := range labels {
					s := random.Float64() * Highest / 100
					labels[i] = Label{Score: int(100 * s), Refused: random.Float64() < errors(s)}
				}
				if undeserved(Test(labels, wished, confidence), errors, 1-wished) {
					wrong++
				}
			}
			share := float64(wrong) / draws
			t.Logf("%s, %d labels: wrongly offered in %.1f %% of %d draws", name, size, 100*share, draws)
			if slack := 3 * math.Sqrt(0.05*0.95/draws); share > 1-confidence+slack {
				t.Errorf("%s, %d labels: a range that does not deserve it is offered in %.1f %% of the draws", name, size, 100*share)
			}
		}
	}
}

func undeserved(ranges []Range, errors population, allowed float64) bool {
	for _, r := range ranges {
		if !r.Holds {
			continue
		}
		sum, n := 0.0, 0
		for s := float64(r.Lower) + 0.05; s < float64(r.Upper); s += 0.1 {
			sum, n = sum+errors(s/100), n+1
		}
		if sum/float64(n) > allowed {
			return true
		}
	}
	return false
}

// The watch hardly ever closes what keeps its promise, and soon closes what does not.
func TestTheWatchClosesOnAChange(t *testing.T) {
	random := rand.New(rand.NewPCG(13, 17))
	const draws, size = 400, 500
	stream := func(rate func(age int) float64) []Label {
		labels := make([]Label, size) // newest first
		for i := range labels {
			labels[i] = Label{Score: random.IntN(40), Refused: random.Float64() < rate(i)}
		}
		return labels
	}
	all := Test(calm(10, 5000), 0.98, 0.95)
	for i := range all {
		all[i].Holds = all[i].Lower == 0
	}
	alarms := func(rate func(age int) float64) float64 {
		n := 0
		for range draws {
			if Watch(stream(rate), 0.98, all).Refusals {
				n++
			}
		}
		return float64(n) / draws
	}
	steady := alarms(func(int) float64 { return 0.005 })
	edge := alarms(func(int) float64 { return 0.02 })
	changed := alarms(func(age int) float64 { return map[bool]float64{true: 0.1, false: 0.005}[age < 80] })
	t.Logf("alarm within %d decisions: %.1f %% at a quarter of the allowed errors, %.1f %% at just the allowed ones, %.1f %% within 80 decisions of a jump to 10 %%", size, 100*steady, 100*edge, 100*changed)
	if steady > 0.03 || changed < 0.9 {
		t.Errorf("false alarms %.3f, found %.3f", steady, changed)
	}
	scores := stream(func(int) float64 { return 0 })
	for i := range newest {
		scores[i].Score = 30 + scores[i].Score/10
	}
	if d := Watch(scores, 0.98, all); !d.Scores || d.Since != newest {
		t.Errorf("moved scores: %+v", d)
	}
}

func TestAfterAnAlarmTheBoundIsEarnedAnew(t *testing.T) {
	old := calm(10, 400)
	bad := []Label{{10, true}, {10, true}, {10, false}, {10, true}}
	ranges, d := Offered(append(bad, old...), 0.98, 0.95)
	if !d.Refusals || at(t, ranges, 0, 20).Holds || at(t, ranges, 0, 20).Missing != 149 {
		t.Errorf("right after the alarm: %+v %+v", d, at(t, ranges, 0, 20))
	}
	ranges, d = Offered(append(append(calm(10, 149), bad...), old...), 0.98, 0.95)
	if !d.Refusals || d.Since != 149 || !at(t, ranges, 0, 20).Holds {
		t.Errorf("149 calm decisions later: %+v %+v", d, at(t, ranges, 0, 20))
	}
}
