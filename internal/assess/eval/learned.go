package main

import (
	"bufio"
	"encoding/json"
	"fmt"
	"math"
	"os"
	"path/filepath"

	"github.com/freigabe/freigabe/internal/assess"
)

// row is a line of a data set with its fold, where the set names one.
type row struct {
	assess.Row
	fold int
}

func load(path string) ([]row, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, fmt.Errorf("open data: %w", err)
	}
	defer f.Close()
	sc := bufio.NewScanner(f)
	sc.Buffer(nil, 1<<20)
	var rows []row
	for sc.Scan() {
		var in struct {
			Text  string `json:"text"`
			Label int    `json:"label"`
			Fold  *int   `json:"fold"`
		}
		if err := json.Unmarshal(sc.Bytes(), &in); err != nil {
			return nil, fmt.Errorf("read %s: %w", filepath.Base(path), err)
		}
		r := row{assess.Row{Text: in.Text, Label: in.Label != 0}, spread(len(rows))}
		if in.Fold != nil {
			r.fold = *in.Fold
		}
		rows = append(rows, r)
	}
	return rows, sc.Err()
}

// spread gives a fold of ten that does not follow the order of a file.
func spread(i int) int { return int(uint32(i)*2654435761>>16) % 10 }

// learned measures each set on its own training part: five folds, or the dev
// part.
func learned(r *report, data string) error {
	for _, s := range []struct {
		name, train, dev string
		step             int // folds of ten held out at a time
		f1, auc          float64
	}{
		{"GermEval 2018, 5 folds", "germeval2018/train.jsonl", "", 2, .73, .81},
		{"GAHD, dev part", "gahd/train.jsonl", "gahd/dev.jsonl", 0, .73, .81},
		{"RP-Mod, 8 folds", "rp-mod/train.jsonl", "", 1, .72, .79},
		{"GermEval 2026 DEF, 10 folds", "germeval2026-def/train.jsonl", "", 1, 0, .86},
	} {
		if !r.wants(s.name) {
			continue
		}
		rows, err := load(filepath.Join(data, s.train))
		if err != nil {
			return err
		}
		var m []assess.Measured
		if s.dev != "" {
			dev, err := load(filepath.Join(data, s.dev))
			if err != nil {
				return err
			}
			m, err = fitted(rows, dev, m)
			if err != nil {
				return err
			}
		} else if m, err = folds(rows, s.step); err != nil {
			return err
		}
		f1, auc, ece := mean(m)
		if s.f1 > 0 {
			r.floor(s.name+": macro-F1", f1, s.f1)
		} else {
			r.note(s.name+": macro-F1", f1)
		}
		r.floor(s.name+": AUC", auc, s.auc)
		r.note(s.name+": calibration error", ece)
	}
	return nil
}

func folds(rows []row, step int) (m []assess.Measured, err error) {
	for f := 0; f < 10; f += step {
		var fit, rest []row
		for _, x := range rows {
			if x.fold >= f && x.fold < f+step {
				rest = append(rest, x)
			} else {
				fit = append(fit, x)
			}
		}
		if len(rest) == 0 { // RP-Mod's training part has eight folds of the ten
			continue
		}
		if m, err = fitted(fit, rest, m); err != nil {
			return nil, err
		}
	}
	return m, nil
}

func fitted(fit, rest []row, m []assess.Measured) ([]assess.Measured, error) {
	model, _, err := assess.Train(plain(fit), assess.KeptNames)
	if err != nil {
		return nil, err
	}
	got, err := assess.Measure(model, plain(rest))
	if err != nil {
		return nil, err
	}
	return append(m, got...), nil
}

func plain(rows []row) []assess.Row {
	out := make([]assess.Row, len(rows))
	for i := range rows {
		out[i] = rows[i].Row
	}
	return out
}

func mean(m []assess.Measured) (f1, auc, ece float64) {
	for _, x := range m {
		f1 += x.MacroF1 / float64(len(m))
		auc += x.AUC / float64(len(m))
		ece += x.ECE / float64(len(m))
	}
	if math.IsNaN(auc) {
		auc = 0
	}
	return f1, auc, ece
}
