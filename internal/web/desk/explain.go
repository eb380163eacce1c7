package desk

import (
	"context"
	"encoding/json"
	"fmt"
	"math"
	"slices"
	"strconv"
	"time"

	"github.com/freigabe/freigabe/internal/assess"
	"github.com/freigabe/freigabe/internal/locale"
	"github.com/freigabe/freigabe/internal/moderation"
	"github.com/freigabe/freigabe/internal/store"
)

// report gives what is known of the model in use at a site.
func (d *Desk) report(ctx context.Context, site string) (assess.Report, error) {
	return d.reports.get(site, func() (report assess.Report, err error) {
		text, err := d.store.ModelReport(ctx, site)
		if err != nil || text == "" {
			return report, err
		}
		if err := json.Unmarshal([]byte(text), &report); err != nil {
			return report, fmt.Errorf("report of site %s: %w", site, err)
		}
		return report, nil
	})
}

// measured says how often the machine was right in a band at this site; of the
// middle band, how often the desk refused; "" before enough was decided there.
func measured(lang string, h assess.HeadReport, band string) string {
	i := slices.IndexFunc(h.Bands, func(b assess.Band) bool { return b.Name == band })
	if i < 0 || h.Bands[i].Rows < fewest {
		return ""
	}
	b, key := h.Bands[i], "machine.band.right"
	if band == assess.Unclear {
		key = "machine.band.refused"
	}
	return locale.T(lang, key, "percent", hundredths(b.Precision), "from", hundredths(b.Low), "to", hundredths(b.High))
}

// hundredths writes a share without its sign of percent.
func hundredths(share float64) string { return strconv.Itoa(int(math.Round(100 * share))) }

func wordsOf(weights []moderation.Weight) []string {
	var out []string
	for _, w := range weights {
		if !slices.Contains(out, w.Word) {
			out = append(out, w.Word)
		}
	}
	return out
}

// outside is what an external scorer said, for the card.
type outside struct {
	Host  string
	Cause string
	Lines []string // a rule and its percentage each
}

func outsideOf(lang string, x *moderation.External) *outside {
	if x == nil {
		return nil
	}
	out := &outside{Host: x.Host}
	if x.NotChecked != "" {
		out.Cause = cause(lang, x.NotChecked)
		return out
	}
	for _, r := range moderation.Rules {
		if p, ok := x.Scores[string(r)]; ok {
			out.Lines = append(out.Lines, ruleName(lang, r)+" "+hundredths(p)+" %")
		}
	}
	if p, ok := x.Scores[assess.Refuse]; ok {
		out.Lines = append(out.Lines, locale.T(lang, "desk.assess.refuse")+" "+hundredths(p)+" %")
	}
	return out
}

// earlier is an earlier decision on a comment that reads alike.
type earlier struct {
	ID      string
	Text    string // its beginning
	Refused bool
	Rule    string // in words, where it was refused for one
	Percent int    // how alike
	At      time.Time
}

// Where similar earlier decisions are looked for, and how many are shown.
const (
	earlierDays  = 180 * 24 * time.Hour
	earlierMost  = 300
	earlierShown = 5
	earlierChars = 160
)

// earlierLike finds how comments that read alike were decided. For a comment that
// is decided blind there is no such help: it is the machine's.
func (d *Desk) earlierLike(ctx context.Context, reach store.Reach, c Card) ([]earlier, error) {
	if c.Hidden || c.Text == "" {
		return nil, nil
	}
	found, err := d.store.DecidedTexts(ctx, store.Period{Site: c.Site.ID, From: c.Now.Add(-earlierDays), To: c.Now.Add(time.Second)}, earlierMost)
	if err != nil {
		return nil, err
	}
	texts := make([]string, len(found))
	for i, x := range found {
		if x.Comment != c.ID {
			texts[i] = x.Text
		}
	}
	alike := d.frozen.Model().Nearest(c.Text, texts, earlierShown)
	var ids []string
	for _, n := range alike {
		ids = append(ids, found[n.Index].Comment)
	}
	within, err := d.store.Within(ctx, reach, ids)
	if err != nil {
		return nil, err
	}
	var out []earlier
	for _, n := range alike {
		x := found[n.Index]
		if !slices.Contains(within, x.Comment) {
			continue // of a section that is not this person's
		}
		e := earlier{ID: x.Comment, Text: beginning(x.Text, earlierChars), Refused: x.Refused, Percent: int(math.Round(100 * n.Cosine)), At: x.At}
		if x.Rule != "" {
			e.Rule = ruleName(c.Lang, x.Rule)
		}
		out = append(out, e)
	}
	return out, nil
}

// beginning cuts a text after a number of characters.
func beginning(text string, n int) string {
	r := []rune(text)
	if len(r) <= n {
		return text
	}
	return string(r[:n]) + "…"
}
