package desk

import (
	"context"
	"strconv"

	"github.com/freigabe/freigabe/internal/assess"
	"github.com/freigabe/freigabe/internal/store"
)

// fairnessMost bounds how many of the newest decided texts the report reads.
const fairnessMost = 5000

// fairness reports how often comments that name a group of people were refused.
// It says nothing about why: some groups are named in harsher debates.
func (d *Desk) fairness(ctx context.Context, f Frame, about store.Period) (statTable, error) {
	t := statTable{ID: "fairness", Title: f.T("desk.stats.fairness"), Note: f.T("desk.stats.fairness.note"),
		Head: []string{f.T("desk.stats.group"), f.T("desk.stats.decided"), f.T("desk.articles.rejected"), f.T("desk.articles.share"), f.T("machine.interval"), f.T("machine.fairness.apart")}}
	texts, err := d.decided(ctx, about)
	if err != nil {
		return t, err
	}
	few := false
	for _, g := range assess.RefusalRates(texts) {
		row := []string{g.Group, strconv.Itoa(g.Named), strconv.Itoa(g.Refused), percent(f, g.Refused, g.Named), "", ""}
		switch {
		case g.Named < fewest:
			few = true
		case g.Apart:
			row[5] = f.T("machine.fairness.yes")
			fallthrough
		default:
			row[4] = hundredths(g.Low) + "–" + hundredths(g.High) + " %"
		}
		t.Rows = append(t.Rows, row)
	}
	if few {
		t.Note += " " + f.T("machine.fairness.few", "n", f.N(fewest))
	}
	if len(texts) >= fairnessMost {
		t.Note += " " + f.T("machine.fairness.most", "n", f.N(fairnessMost))
	}
	return t, nil
}

// decided reads the newest decided texts of the sites asked about.
func (d *Desk) decided(ctx context.Context, about store.Period) ([]assess.Told, error) {
	sites, err := d.store.Sites(ctx)
	if err != nil {
		return nil, err
	}
	var out []assess.Told
	for _, s := range sites {
		if !about.Reach().Serves(s.ID) || len(out) >= fairnessMost {
			continue
		}
		var found []store.DecidedText
		if found, err = d.store.DecidedTexts(ctx, store.Period{Site: s.ID, From: about.From, To: about.To}, fairnessMost-len(out)); err != nil {
			return nil, err
		}
		for _, x := range found {
			out = append(out, assess.Told{Text: x.Text, Refused: x.Refused})
		}
	}
	return out, nil
}
