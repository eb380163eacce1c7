package desk

import (
	"time"

	"github.com/freigabe/freigabe/internal/assess"
	"github.com/freigabe/freigabe/internal/store"
)

// streakCap is how many hostile comments in a row an editor gets before a calm one.
const streakCap = 5

// supply is what the next comments are taken from, each list in its own order.
type supply struct {
	Oldest []store.Waiting // all that wait, by age
	Scored []store.Waiting // those in the order by score, without blind ones; nil in the order by age
	Calm   []store.Waiting // the calmest, to mix in
	Limit  time.Time       // what was submitted before comes first
	Streak int             // hostile comments shown last in a row
}

// arrange puts the next n comments in order:
//
//   - What has waited longer than the limit comes first, by age.
//   - Then the order wished. A comment drawn for blind control keeps the place
//     that its age gives it, in every order: its score must move nothing.
//   - After streakCap hostile comments in a row the next calm one comes, if there
//     is one. What is overdue is not held up for that.
func arrange(s supply, n int) []store.Waiting {
	a := arranging{taken: map[string]bool{}, streak: s.Streak}
	for _, w := range s.Oldest {
		if len(a.out) < n && w.Submitted.Before(s.Limit) {
			a.take(w)
		}
	}
	rest := s.Oldest
	if s.Scored != nil {
		rest = withBlind(s.Scored, s.Oldest)
	}
	for _, w := range rest {
		if len(a.out) >= n {
			break
		}
		if a.taken[w.ID] {
			continue
		}
		if a.streak >= streakCap && hostile(w) {
			a.mix(s.Calm)
		}
		if len(a.out) < n {
			a.take(w)
		}
	}
	return a.out
}

// arranging is a list in the making.
type arranging struct {
	out    []store.Waiting
	taken  map[string]bool
	streak int
}

func (a *arranging) take(w store.Waiting) {
	if a.taken[w.ID] {
		return
	}
	a.taken[w.ID] = true
	a.out = append(a.out, w)
	if hostile(w) {
		a.streak++
	} else {
		a.streak = 0
	}
}

// mix takes the calmest comment not taken yet.
func (a *arranging) mix(calm []store.Waiting) {
	for _, w := range calm {
		if !a.taken[w.ID] && !hostile(w) {
			a.take(w)
			return
		}
	}
}

// hostile tells whether a comment is likely hard to read, as far as that may be known.
func hostile(w store.Waiting) bool {
	return !w.Blind && assess.BandOf(w.Assessment.Band, w.Refuse) == assess.Breach
}

// withBlind puts the blind comments among those in order by score, each at the
// place that it has by age.
func withBlind(scored, oldest []store.Waiting) []store.Waiting {
	var out []store.Waiting
	next := 0
	for _, w := range oldest {
		if w.Blind {
			out = append(out, w)
		} else if next < len(scored) {
			out = append(out, scored[next])
			next++
		}
	}
	return append(out, scored[next:]...)
}
