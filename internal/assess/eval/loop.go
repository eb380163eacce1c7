package main

import (
	"bufio"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"

	"github.com/freigabe/freigabe/internal/assess"
	"github.com/freigabe/freigabe/internal/assess/learn"
)

// loop replays an editor's decisions on RP-Mod: the site's model after so many
// of them, on comments it has not seen, beside one that starts without the base.
func loop(r *report, data string) error {
	rows, err := load(filepath.Join(data, "rp-mod/train.jsonl"))
	if err != nil {
		return err
	}
	var fit, rest []assess.Row
	for _, x := range rows {
		if x.fold < 2 {
			rest = append(rest, x.Row)
		} else {
			fit = append(fit, x.Row)
		}
	}
	m := assess.Default()
	fresh, err := m.Untaught()
	if err != nil {
		return err
	}
	for _, t := range []struct {
		n      int
		target float64
	}{{300, .66}, {1000, .71}, {3000, .75}} {
		name := fmt.Sprintf("RP-Mod after %d decisions: ", t.n)
		if !r.wants(name+"AUC") && !r.wants(name+"lead over decisions alone") {
			continue
		}
		with, without := 0.0, 0.0
		const draws = 3
		for d := range draws {
			ds := draw(fit, t.n, uint64(d))
			with += siteAUC(m.Retrain(ds), rest) / draws
			without += siteAUC(fresh.Retrain(ds), rest) / draws
		}
		r.floor(name+"AUC", with, t.target)
		r.floor(name+"lead over decisions alone", with-without, -.005)
	}
	return nil
}

func draw(rows []assess.Row, n int, seed uint64) []assess.Decision {
	rng := rand.New(rand.NewPCG(seed, 5))
	ds := make([]assess.Decision, 0, n)
	for i, k := range rng.Perm(len(rows))[:n] {
		d := assess.Decision{Position: uint64(i + 1), Input: assess.Input{Text: rows[k].Text}}
		if rows[k].Label {
			d.Outcome = assess.Refused
		}
		ds = append(ds, d)
	}
	return ds
}

func siteAUC(s *assess.Site, rows []assess.Row) float64 {
	var p []float64
	var y []bool
	for _, x := range rows {
		if got := s.Assess(assess.Input{Text: x.Text}).Refuse; got != nil {
			p, y = append(p, *got), append(y, x.Label)
		}
	}
	return learn.AUC(p, y)
}

// post is a post of omp in the order in which it was written.
type post struct {
	User           int
	Parent         *int
	Status         string
	Headline, Body string
}

// history measures deleted posts of omp with the author's history on the site,
// with folds by author, so that no author is in both parts.
func history(r *report, data string) error {
	posts, err := loadPosts(filepath.Join(data, "omp/posts.jsonl"))
	if err != nil {
		return err
	}
	for _, with := range []bool{false, true} {
		name := "omp deleted posts, text alone: AUC"
		if with {
			name = "omp deleted posts, text and author history: AUC"
		}
		if !r.wants(name) {
			continue
		}
		var p []float64
		var y []bool
		ds := decide(posts, with)
		for f := range 5 {
			var fit, rest []assess.Decision
			for i := range ds {
				if posts[i].User%5 == f {
					rest = append(rest, ds[i])
				} else {
					fit = append(fit, ds[i])
				}
			}
			s := assess.Default().Retrain(fit)
			for i := range rest {
				if got := s.Assess(rest[i].Input).Refuse; got != nil {
					p, y = append(p, *got), append(y, rest[i].Outcome == assess.Refused)
				}
			}
		}
		if with {
			r.floor(name, learn.AUC(p, y), .84)
		} else {
			r.note(name, learn.AUC(p, y))
		}
	}
	return nil
}

func loadPosts(path string) ([]post, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, fmt.Errorf("open data: %w", err)
	}
	defer f.Close()
	sc := bufio.NewScanner(f)
	sc.Buffer(nil, 1<<20)
	var out []post
	for sc.Scan() {
		var p post
		if err := json.Unmarshal(sc.Bytes(), &p); err != nil {
			return nil, fmt.Errorf("read posts: %w", err)
		}
		out = append(out, p)
	}
	return out, sc.Err()
}

// decide gives each post's decision; an author's history counts the other posts
// of the same author, as a newsroom with years of decisions would know them.
func decide(posts []post, with bool) []assess.Decision {
	type tally struct{ all, gone int }
	by := map[int]*tally{}
	for _, p := range posts {
		if by[p.User] == nil {
			by[p.User] = &tally{}
		}
		by[p.User].all++
		if p.Status == "deleted" {
			by[p.User].gone++
		}
	}
	ds := make([]assess.Decision, len(posts))
	for i, p := range posts {
		gone := 0
		if p.Status == "deleted" {
			gone = 1
			ds[i].Outcome = assess.Refused
		}
		ds[i].Position = uint64(i + 1)
		ds[i].Input = assess.Input{Text: p.Headline + "\n" + p.Body}
		if p.Parent != nil {
			ds[i].Input.Parent = "x"
		}
		if t := by[p.User]; with {
			ds[i].Input.Author = &assess.History{Submitted: t.all - 1, Rejected: t.gone - gone, Approved: t.all - 1 - (t.gone - gone)}
		}
	}
	return ds
}
