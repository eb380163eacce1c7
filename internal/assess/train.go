package assess

import (
	"bytes"
	"fmt"
	"runtime"
	"sort"
	"sync"

	"github.com/freigabe/freigabe/internal/assess/german"
	"github.com/freigabe/freigabe/internal/assess/learn"
	"github.com/freigabe/freigabe/internal/assess/vocab"
)

// Row is one labelled text for training or measuring a base.
type Row struct {
	Text  string
	Label bool   // true: breaks the rule
	Rule  string // a rule or Refuse; "" means Refuse
}

// head is the row's head.
func (r *Row) head() string {
	if r.Rule == "" {
		return Refuse
	}
	return r.Rule
}

// KnownHead reports a name that a row may have as its rule.
func KnownHead(name string) bool {
	for _, s := range slotNames {
		if s == name {
			return true
		}
	}
	return name == ""
}

// Names says how a base treats the words that name a group of people.
type Names bool

// With NeutralNames they enter as one word without letters, so that no group
// weighs more than another: the shipped base is trained so. With KeptNames they
// enter as they are, which is a little sharper and less fair.
const (
	KeptNames    Names = false
	NeutralNames Names = true
)

// Train makes a base from labelled rows: one regression for each rule named in
// them. The same rows in the same order give the same bytes.
func Train(rows []Row, names Names) (*Model, []byte, error) {
	b, err := train(rows, names, learn.Defaults)
	if err != nil {
		return nil, nil, err
	}
	var buf bytes.Buffer
	if err := b.Encode(&buf); err != nil {
		return nil, nil, fmt.Errorf("train model: %w", err)
	}
	m, err := Load(bytes.NewReader(buf.Bytes()))
	return m, buf.Bytes(), err
}

func train(rows []Row, neutral Names, o learn.Options) (*learn.Base, error) {
	b, weighed := learn.Build(extractAll(rows, bool(neutral)))
	b.Neutral = bool(neutral)
	names := headsOf(rows)
	var parts [len(learn.Powers)][][]learn.Sample
	for p := range weighed {
		for _, name := range names {
			part := partOf(rows, weighed[p].Samples, name)
			if !bothClasses(part) {
				return nil, fmt.Errorf("train %s: the rows need texts of both labels", name)
			}
			parts[p] = append(parts[p], part)
		}
	}
	fit := func(part []learn.Sample, o learn.Options) *learn.Linear {
		return learn.Exact(part, len(weighed[0].Buckets), len(b.Mean), o)
	}
	best, trials := choose(parts, len(weighed[0].Buckets), fit, o)
	b.SetPower(learn.Powers[best])
	heads := make([]*learn.Linear, len(names))
	var wg sync.WaitGroup
	for h, part := range parts[best] {
		own := o
		own.Bayes = trials[h].bayes
		wg.Go(func() { heads[h] = fit(part, own) })
	}
	wg.Wait()
	b.Quantise(names, heads, weighed[best].Buckets)
	for h, t := range trials {
		b.Heads[h].Slope, b.Heads[h].Shift, b.Heads[h].Cut, b.Heads[h].Rows = t.slope, t.shift, t.cut, uint32(len(parts[best][h]))
	}
	return b, nil
}

// fitting trains one head on a part of the rows.
type fitting func([]learn.Sample, learn.Options) *learn.Linear

// choose finds the exponent with which the heads order their rows best, and what
// cross-validation says of each head with it.
func choose(parts [len(learn.Powers)][][]learn.Sample, features int, fit fitting, o learn.Options) (best int, of []trial) {
	var trials [len(learn.Powers)][]trial
	var wg sync.WaitGroup
	for p := range parts {
		trials[p] = make([]trial, len(parts[p]))
		for h, part := range parts[p] {
			wg.Go(func() { trials[p][h] = crossValidate(part, features, fit, o) })
		}
	}
	wg.Wait()
	most := 0.0
	for p := range trials {
		sum := 0.0
		for _, t := range trials[p] {
			sum += t.auc
		}
		if sum > most {
			best, most = p, sum
		}
	}
	return best, trials[best]
}

// extractAll reads the features of rows on all processors. Rows that repeat
// their predecessor's text share them.
func extractAll(rows []Row, neutral bool) []*learn.Raw {
	out := make([]*learn.Raw, len(rows))
	again := func(i int) bool { return i > 0 && rows[i].Text == rows[i-1].Text }
	onAll(len(rows), func(i int, a *analysis) {
		if !again(i) {
			a.features(rows[i].Text, neutral)
			out[i] = learn.NewRaw(&a.vector, stemBuckets(a))
		}
	})
	for i := range out {
		if again(i) {
			out[i] = out[i-1]
		}
	}
	return out
}

// onAll calls f for 0 to n-1 on all processors, each with an analysis of its own.
func onAll(n int, f func(i int, a *analysis)) {
	workers := min(runtime.GOMAXPROCS(0), 8)
	var wg sync.WaitGroup
	for w := range workers {
		wg.Go(func() {
			a := analyses.Get().(*analysis)
			defer analyses.Put(a)
			for i := w; i < n; i += workers {
				f(i, a)
			}
		})
	}
	wg.Wait()
}

// features reads what the learned model sees of a text.
func (a *analysis) features(text string, neutral bool) {
	a.read(text, "de")
	a.fillDense()
	a.extract(neutral)
}

// extract reads the hashed features, with the words that name a group of people
// made neutral where the base wants it.
func (a *analysis) extract(neutral bool) {
	a.masked = a.masked[:0]
	if neutral {
		a.masked = groupMask(a.reader.Words, a.masked)
	}
	a.vector.Extract(&a.text, a.masked)
}

// stemBuckets are the distinct buckets of a text's stems.
func stemBuckets(a *analysis) []uint32 {
	seen := map[uint32]bool{}
	var root [128]byte
	var out []uint32
	for i, k := range a.text.Tokens {
		if k.Kind != german.Word || a.reader.Words[i].Has(vocab.Stop) {
			continue
		}
		if b := learn.StemHash(german.Root(root[:0], a.text.Folded(k))); !seen[b] {
			seen[b] = true
			out = append(out, b)
		}
	}
	return out
}

// headsOf returns the heads named by rows, in a fixed order.
func headsOf(rows []Row) []string {
	seen := map[string]bool{}
	for i := range rows {
		seen[rows[i].head()] = true
	}
	var out []string
	for name := range seen {
		out = append(out, name)
	}
	sort.Strings(out)
	return out
}

func partOf(rows []Row, samples []learn.Sample, name string) []learn.Sample {
	var part []learn.Sample
	for i := range rows {
		if rows[i].head() == name {
			s := samples[i]
			s.Label = rows[i].Label
			part = append(part, s)
		}
	}
	return part
}

func bothClasses(part []learn.Sample) bool {
	pos := 0
	for i := range part {
		if part[i].Label {
			pos++
		}
	}
	return pos > 0 && pos < len(part)
}

// trial is what cross-validation inside the rows says of one way to weigh them.
type trial struct {
	auc               float64
	bayes             float32 // how much of naive Bayes orders the rows best
	slope, shift, cut float32
}

// trialFolds is the number of folds on which choices are made and the calibration
// is measured, so that neither sees scores of rows the model was trained on.
const trialFolds = 3

// bayesShares are the shares of naive Bayes tried.
var bayesShares = [...]float32{0, 0.03, 0.06}

// crossValidate scores each row of a part by a model that did not know it, and
// chooses and calibrates on these scores.
func crossValidate(part []learn.Sample, features int, fit fitting, o learn.Options) trial {
	plain, bayes, labels := make([]float32, len(part)), make([]float32, len(part)), make([]bool, len(part))
	for f := range trialFolds {
		var known []learn.Sample
		for i := range part {
			labels[i] = part[i].Label
			if i%trialFolds != f {
				known = append(known, part[i])
			}
		}
		if !bothClasses(known) {
			return trial{slope: 1, cut: 0.5}
		}
		m, ratios := fit(known, o), learn.Linear{Weight: learn.Ratios(known, features, o.Balance)}
		for i := f; i < len(part); i += trialFolds {
			plain[i], bayes[i] = m.Score(&part[i]), ratios.Words(&part[i])
		}
	}
	best, scores := trial{auc: -1}, make([]float64, len(part))
	for _, share := range bayesShares {
		for i := range scores {
			scores[i] = float64(plain[i] + float32(share*bayes[i]))
		}
		if auc := learn.AUC(scores, labels); auc > best.auc {
			best = calibrate(scores, labels)
			best.auc, best.bayes = auc, share
		}
	}
	return best
}

// calibrate gives slope and shift of the calibration and the best cut.
func calibrate(scores []float64, labels []bool) trial {
	points, p := make([]learn.Point, len(scores)), make([]float64, len(scores))
	for i, z := range scores {
		points[i] = learn.Point{Z: z, Label: labels[i], Weight: 1}
	}
	a, b := learn.Platt(points)
	for i, z := range scores {
		p[i] = sigmoid(a*z + b)
	}
	return trial{slope: float32(a), shift: float32(b), cut: float32(learn.BestCut(p))}
}
