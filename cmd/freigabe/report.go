package main

import (
	"context"
	"encoding/csv"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"
	"time"

	"github.com/freigabe/freigabe/internal/locale"
	"github.com/freigabe/freigabe/internal/store"
)

// runReport prints the yearly report of a site: a projection of its record.
func runReport(args []string, stdio stdio) error {
	fs := flagSet("report")
	site, year := fs.String("site", "", "the site"), fs.Int("year", time.Now().In(locale.Berlin).Year(), "the year, as the clocks of Berlin count it")
	format := fs.String("format", "csv", "csv or json")
	return onStore(fs, args, func(ctx context.Context, s *store.Store) error {
		if *site == "" || fs.NArg() > 1 || *format != "csv" && *format != "json" || *year < 2000 || *year > 9999 {
			return usage("give -site, -year and -format csv or json, and at most one file")
		}
		x, err := s.Site(ctx, *site)
		if err != nil {
			return err
		}
		from := time.Date(*year, 1, 1, 0, 0, 0, 0, locale.Berlin)
		y, err := s.Yearly(ctx, x.ID, from, from.AddDate(1, 0, 0))
		if err != nil {
			return err
		}
		return toFile(fs.Arg(0), stdio, func(to io.Writer) error {
			if *format == "csv" {
				return reportCSV(to, y)
			}
			e := json.NewEncoder(to)
			e.SetIndent("", "  ")
			return e.Encode(y)
		})
	})
}

// reportCSV writes one figure a line: what, of which kind, by which rule or
// outcome, how many.
func reportCSV(to io.Writer, y store.Yearly) error {
	rows := [][]string{{"what", "kind", "rule_or_outcome", "number"}}
	add := func(what, kind, of string, n int) { rows = append(rows, []string{what, kind, of, strconv.Itoa(n)}) }
	add("submitted", "", "", y.Submitted)
	add("released", "", "", y.Released)
	add("withdrawn", "", "", y.Withdrawn)
	add("erased", "", "", y.Erased)
	for _, r := range y.Restrictions {
		add("restriction", string(r.Step), string(r.Rule), r.Count)
	}
	for _, n := range y.Notices {
		outcome := n.Outcome
		if outcome == "" {
			outcome = "open"
		}
		add("notice", n.Kind, outcome, n.Count)
	}
	for _, step := range []string{"appeal", "uphold", "overturn"} {
		add("complaint", step, "", y.Complaints[step])
	}
	a := y.Automated
	add("automated_decisions", "", "", a.Decisions)
	add("decisions_by_editors", "", "", a.ByEditors)
	add("decisions_by_editors", "scores shown", "", a.WithScore)
	add("decisions_by_editors", "blind", "machine right", a.BlindRight)
	add("decisions_by_editors", "blind", "machine wrong", a.BlindWrong)
	add("decisions_by_editors", "bundle", "", a.InBundles)
	add("decisions_by_editors", "bundle", "recalled", a.Recalled)
	add("corrected_by_editors", "reconsidered", "", a.Reconsider)
	add("corrected_by_editors", "restored", "", a.RestoredOwn)
	median := func(kind string, minutes float64) {
		rows = append(rows, []string{"median_minutes", kind, "", strconv.FormatFloat(minutes, 'f', 1, 64)})
	}
	median("decision", y.WaitMedian)
	median("notice", y.NoticeMedian)
	median("complaint", y.AppealMedian)
	return csv.NewWriter(to).WriteAll(rows)
}

// runErase erases what is kept of one author, on that person's request.
func runErase(args []string, stdio stdio) error {
	fs := flagSet("erase")
	author := fs.String("author", "", "the address or the token of a receipt, or an e-mail address")
	return onStore(fs, args, func(ctx context.Context, s *store.Store) error {
		if *author == "" || fs.NArg() > 0 {
			return usage("give -author: the link of a receipt, or an e-mail address")
		}
		erased, left, err := s.EraseAuthor(ctx, (*author)[strings.LastIndexByte(*author, '/')+1:])
		if err != nil {
			return err
		}
		if _, err := fmt.Fprintf(stdio.out, "%d erased\n", erased); err != nil {
			return err
		}
		if left > 0 {
			return errors.New(strconv.Itoa(left) + " wait for the answer to an appeal; decide it on the desk and run this again")
		}
		return nil
	})
}
