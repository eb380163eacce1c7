package store

import (
	"context"
	"database/sql"
	"strings"
	"time"

	"github.com/freigabe/freigabe/internal/moderation"
)

// Period is what a statistic is about: a site, or several, or ("" and none) all,
// from a moment up to, but without, another.
type Period struct {
	Site     string
	Sites    []string // several, where Site is ""
	From, To time.Time
}

// Reach is the sites that the statistic is about.
func (p Period) Reach() Reach {
	if p.Site != "" || len(p.Sites) == 0 {
		return AtSite(p.Site)
	}
	out := Reach{}
	for _, site := range p.Sites {
		out = append(out, Place{Site: site})
	}
	return out
}

// narrow adds the period's conditions, in the words of an index on site and time.
func (p Period) narrow(b *clauses, site, at string) {
	switch {
	case p.Site != "":
		b.and(site+" = ", p.Site)
	case len(p.Sites) > 0:
		in := make([]string, len(p.Sites))
		for i, one := range p.Sites {
			in[i] = b.arg(one)
		}
		b.add(site + " in (" + strings.Join(in, ", ") + ")")
	default:
		b.add(site + " in (select id from sites)")
	}
	b.and(at+" >= ", micros(p.From))
	b.and(at+" < ", micros(p.To))
}

// HourCount is how often something happened in an hour.
type HourCount struct {
	Hour time.Time // its beginning
	Kind string    // "submitted", or the step
	N    int
}

const hourMicros = int64(time.Hour / time.Microsecond)

// notUndone leaves out decisions d that were taken back within their hold.
const notUndone = "not exists (select 1 from decisions u where u.comment_id = d.comment_id and u.undoes = d.id)"

// Hours counts submissions and the desk's decisions by the hour of a period.
func (s *Store) Hours(ctx context.Context, p Period) ([]HourCount, error) {
	in, out := &clauses{}, &clauses{}
	p.narrow(in, "r.site_id", "r.submitted_at")
	p.narrow(out, "d.site_id", "d.at")
	counts, err := s.hours(ctx, "select r.submitted_at / "+in.arg(hourMicros)+", 'submitted', count(*) from revisions r where "+in.where()+" group by 1", in.args)
	if err != nil {
		return nil, err
	}
	decided, err := s.hours(ctx, "select d.at / "+out.arg(hourMicros)+", d.step, count(*) from decisions d where "+out.where()+` and d.actor_role in ('editor', 'chief')
		and d.step in ('approve', 'reject', 'return', 'decline', 'escalate', 'remove') and `+notUndone+" group by 1, 2", out.args)
	return append(counts, decided...), err
}

func (s *Store) hours(ctx context.Context, query string, args []any) ([]HourCount, error) {
	var out []HourCount
	err := each(ctx, s.read, func(r *sql.Rows) error {
		var h HourCount
		var hour int64
		err := r.Scan(&hour, &h.Kind, &h.N)
		h.Hour = fromMicros(hour * hourMicros)
		out = append(out, h)
		return err
	}, query, args...)
	return out, err
}

// Share is how many of some decisions were refusals.
type Share struct {
	Name    string // of a rule, a section, an article
	Key     string // its id, where it has one
	Decided int
	Refused int
}

// decided joins the decisions of a period that an editor took on a waiting text.
func decided(p Period) (string, *clauses) {
	b := &clauses{}
	p.narrow(b, "d.site_id", "d.at")
	b.add("d.from_state in ('pending', 'escalated') and d.step in ('approve', 'reject', 'return') and " + notUndone)
	b.add("r.comment_id = d.comment_id and r.number = d.revision")
	return " from decisions d cross join revisions r", b // cross: SQLite reads them in this order
}

const refusedSum = `coalesce(sum(case when d.step = 'approve' then 0 else 1 end), 0)`

// RefusalsBy counts decisions and refusals by "rule", "section", "article" or
// "hour" (of the period, named by its number since 1970); the most decided first.
// By rule, Decided counts the refusals that name it.
func (s *Store) RefusalsBy(ctx context.Context, what string, p Period) ([]Share, error) {
	column := map[string]string{"rule": "d.rule, ''", "section": "a.section, ''", "article": "a.headline, a.id", "hour": "cast(d.at / 3600000000 as text), ''"}[what]
	if column == "" {
		return nil, moderation.BadField("by", "error.order")
	}
	from, b := decided(p)
	limit := " limit 100"
	switch what {
	case "rule":
		b.add("d.rule <> ''")
	case "hour":
		limit = ""
	default:
		from += " cross join articles a"
		b.add("a.id = r.article_id")
	}
	var out []Share
	err := each(ctx, s.read, func(r *sql.Rows) error {
		var x Share
		err := r.Scan(&x.Name, &x.Key, &x.Decided, &x.Refused)
		out = append(out, x)
		return err
	}, "select "+column+", count(*), "+refusedSum+from+" where "+b.where()+" group by 1, 2 order by 3 desc, 1"+limit, b.args...)
	return out, err
}

// Agreement is a table of what two judges of the same texts would do: the machine
// and the desk, or one editor and the next.
type Agreement struct {
	BothRelease, BothRefuse     int
	FirstRefuses, SecondRefuses int // alone
}

// N is how many texts both judged.
func (a Agreement) N() int { return a.BothRelease + a.BothRefuse + a.FirstRefuses + a.SecondRefuses }

// Blindly compares the machine's word (the first; refuse where the score is at
// least the bound) with blind decisions of a period on texts drawn at random.
func (s *Store) Blindly(ctx context.Context, p Period, bound float64) (Agreement, error) {
	var a Agreement
	from, b := decided(p)
	high := "r.refuse >= " + b.arg(bound)
	count := func(when string) string { return "coalesce(sum(case when " + when + " then 1 else 0 end), 0)" }
	err := s.read.QueryRowContext(ctx, "select "+count("not "+high+" and d.step = 'approve'")+", "+count(high+" and d.step <> 'approve'")+", "+
		count(high+" and d.step = 'approve'")+", "+count("not "+high+" and d.step <> 'approve'")+
		from+" where "+b.where()+" and d.blind = 1 and r.refuse is not null", b.args...).
		Scan(&a.BothRelease, &a.BothRefuse, &a.FirstRefuses, &a.SecondRefuses)
	return a, classify(err)
}

// The ways in which a second person comes to judge a text.
const (
	JudgedAgain  = "again"  // taken up again, or after an escalation
	JudgedAppeal = "appeal" // the author appealed; the first had always refused
)

// JudgedTwice counts, by how it came about, the texts that two different people
// judged one after the other, the second within the period. Removals and
// restorations are left out: there only the disagreements would be seen.
func (s *Store) JudgedTwice(ctx context.Context, p Period) (map[string]Agreement, error) {
	b := &clauses{}
	p.narrow(b, "d.site_id", "d.at")
	out := map[string]Agreement{}
	err := each(ctx, s.read, func(r *sql.Rows) error {
		var how string
		var first, second, n int
		if err := r.Scan(&how, &first, &second, &n); err != nil {
			return err
		}
		a := out[how]
		switch {
		case first == 1 && second == 1:
			a.BothRefuse += n
		case first == 1:
			a.FirstRefuses += n
		case second == 1:
			a.SecondRefuses += n
		default:
			a.BothRelease += n
		}
		out[how] = a
		return nil
	}, `select case when d.step in ('uphold', 'overturn') then 'appeal' else 'again' end,
			case when f.step = 'approve' then 0 else 1 end, case when d.step in ('approve', 'overturn') then 0 else 1 end, count(*)
		from decisions d join decisions f on f.comment_id = d.comment_id and f.revision = d.revision
		where `+b.where()+` and (d.step in ('uphold', 'overturn') or d.step in ('approve', 'reject', 'return') and d.from_state in ('pending', 'escalated'))
		and `+notUndone+` and f.actor_id <> d.actor_id and f.bundle = '' and d.bundle = '' and f.seq = (select max(e.seq) from decisions e where e.comment_id = d.comment_id and e.revision = d.revision
			and e.seq < d.seq and e.step in ('approve', 'reject', 'return', 'remove') and not exists (select 1 from decisions u where u.comment_id = e.comment_id and u.undoes = e.id))
		group by 1, 2, 3`, b.args...)
	return out, err
}

// Outcomes counts steps of appeals in a period: "appeal", "uphold", "overturn".
func (s *Store) Outcomes(ctx context.Context, p Period) (map[moderation.Step]int, error) {
	b := &clauses{}
	p.narrow(b, "d.site_id", "d.at")
	out := map[moderation.Step]int{}
	err := each(ctx, s.read, func(r *sql.Rows) error {
		var step moderation.Step
		var n int
		err := r.Scan(&step, &n)
		out[step] = n
		return err
	}, "select d.step, count(*) from decisions d where "+b.where()+" and d.step in ('uphold', 'overturn', 'appeal') and "+notUndone+" group by 1", b.args...)
	return out, err
}

// OldestWaiting is since when the oldest comment of some whole sites waits; the
// zero time for none.
func (s *Store) OldestWaiting(ctx context.Context, reach Reach) (time.Time, error) {
	if reach == nil {
		return s.oldestAt(ctx, "")
	}
	var oldest time.Time
	for _, p := range reach {
		at, err := s.oldestAt(ctx, p.Site)
		if err != nil {
			return oldest, err
		}
		oldest = earlier(oldest, at)
	}
	return oldest, nil
}

func (s *Store) oldestAt(ctx context.Context, site string) (time.Time, error) {
	var at sql.NullInt64
	query, args := "select min(submitted_at) from revisions where state = 'pending'", []any{}
	if site != "" {
		query, args = query+" and site_id = $1", append(args, site)
	}
	err := s.read.QueryRowContext(ctx, query, args...).Scan(&at)
	return timeOf(at), classify(err)
}

// QueueAges counts what waits at some whole sites by its age: for each bound, in ascending order, how
// many are younger than it and not younger than the one before; the last number
// counts all others.
func (s *Store) QueueAges(ctx context.Context, reach Reach, bounds []time.Duration) ([]int, error) {
	out := make([]int, len(bounds)+1)
	to := s.Now().Add(time.Hour) // a clock of another node may be ahead
	for i := range out {
		b := &clauses{}
		b.add("state = 'pending'")
		if reach != nil {
			b.add(reach.within(b, "site_id", "article_id"))
		}
		b.and("submitted_at < ", micros(to))
		if i < len(bounds) {
			to = s.Now().Add(-bounds[i])
			b.and("submitted_at >= ", micros(to))
		}
		if err := s.read.QueryRowContext(ctx, "select count(*) from revisions where "+b.where(), b.args...).Scan(&out[i]); err != nil {
			return nil, classify(err)
		}
	}
	return out, nil
}

// Pace gives how many decisions each editor took in each hour of a period in
// which they took any, in no order of persons: nobody is ranked.
func (s *Store) Pace(ctx context.Context, p Period) ([]int, error) {
	b := &clauses{}
	p.narrow(b, "d.site_id", "d.at")
	var out []int
	err := each(ctx, s.read, func(r *sql.Rows) error {
		var n int
		err := r.Scan(&n)
		out = append(out, n)
		return err
	}, "select count(*) from decisions d where "+b.where()+` and d.bundle = '' and d.step in ('approve', 'reject', 'return', 'decline')
		and d.actor_role in ('editor', 'chief') group by d.at / 3600000000, d.actor_id order by 1`, b.args...)
	return out, err
}

// Waited is how long a text waited for its first decision.
type Waited struct {
	Submitted, Decided time.Time
	Released           bool
	Then               int       // texts that waited at the site when it came in; -1: not recorded
	From, To           time.Time // what its author was promised; zero: nothing
}

// Waited gives the texts first decided in a period, newest first, at most limit.
// It never looks at what they say or how they scored.
func (s *Store) Waited(ctx context.Context, p Period, limit int) ([]Waited, error) {
	b := &clauses{}
	p.narrow(b, "d.site_id", "d.at")
	var out []Waited
	err := each(ctx, s.read, func(r *sql.Rows) error {
		var w Waited
		var submitted, at int64
		var step string
		var from, to sql.NullInt64
		err := r.Scan(&submitted, &at, &step, &w.Then, &from, &to)
		w.Submitted, w.Decided, w.Released, w.From, w.To = fromMicros(submitted), fromMicros(at), step == "approve", timeOf(from), timeOf(to)
		out = append(out, w)
		return err
	}, "select r.submitted_at, d.at, d.step, coalesce(r.waiting_then, -1), r.wait_from, r.wait_to from decisions d join revisions r on r.comment_id = d.comment_id and r.number = d.revision where "+
		b.where()+" and d.from_state = 'pending' and d.step in ('approve', 'reject', 'return', 'decline') order by d.at desc limit "+b.arg(limit), b.args...)
	return out, err
}
