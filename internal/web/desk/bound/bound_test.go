package bound

import (
	"math"
	"math/rand/v2"
	"testing"
)

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
}

func TestSequenceStopsAtTheFirstFailure(t *testing.T) {
	var labels []Label
	for range 200 {
		labels = append(labels, Label{Score: 0.1})
	}
	for range 20 {
		labels = append(labels, Label{Score: 0.22, Refused: true})
	}
	for range 5000 {
		labels = append(labels, Label{Score: 0.27})
	}
	got := Test(labels, 0.98, 0.95)
	if !got[0].Holds || got[1].Holds || got[2].Holds || !got[2].Unreachable {
		t.Errorf("handles: %+v", got)
	}
	if got := Test(nil, 0.98, 0.95); got[0].Holds || got[0].Missing != 149 {
		t.Errorf("with nothing known: %+v", got[0])
	}
}

// In thousands of draws, a handle that does not deserve it is offered at most as
// often as the confidence allows. The population is the hardest: its share of
// errors is just above the bound wherever a handle may stand.
func TestConfidenceHolds(t *testing.T) {
	random := rand.New(rand.NewPCG(7, 11))
	const draws, wished, confidence = 1500, 0.98, 0.95
	for _, size := range []int{150, 240, 500, 900} {
		wrong := 0
		for range draws {
			labels := make([]Label, size)
			for i := range labels {
				labels[i] = Label{Score: random.Float64() * 0.4, Refused: random.Float64() < 0.0201}
			}
			for _, h := range Test(labels, wished, confidence) {
				if h.Holds {
					wrong++
					break
				}
			}
		}
		share := float64(wrong) / draws
		slack := 3 * math.Sqrt(0.05*0.95/draws)
		t.Logf("%d labels: wrongly offered in %.2f %% of %d draws", size, 100*share, draws)
		if share > 1-confidence+slack {
			t.Errorf("%d labels: a bundle that does not deserve it is offered in %.2f %% of the draws", size, 100*share)
		}
	}
}
