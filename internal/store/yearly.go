package store

import (
	"context"
	"database/sql"
	"slices"
	"strings"
	"time"

	"github.com/freigabe/freigabe/internal/moderation"
)

// Yearly is what a publisher reports of a period on its moderation (Regulation
// (EU) 2022/2065, Article 15(1)): a projection of the record, and of notices.
type Yearly struct {
	Site         string         `json:"site"` // its name
	From         time.Time      `json:"from"`
	To           time.Time      `json:"to"`        // not included
	Submitted    int            `json:"submitted"` // texts
	Released     int            `json:"released"`
	Withdrawn    int            `json:"withdrawn"` // by their authors
	Erased       int            `json:"erased"`
	WaitMedian   float64        `json:"wait_median_minutes"` // from submission to decision
	Restrictions []Restriction  `json:"restrictions"`
	Notices      []NoticeCount  `json:"notices"`
	NoticeMedian float64        `json:"notice_median_minutes"` // from notice to answer
	Complaints   map[string]int `json:"complaints"`            // appeal, uphold, overturn
	AppealMedian float64        `json:"complaint_median_minutes"`
	Automated    Automated      `json:"automated"`
}

// Restriction counts decisions against a text by what they did and the rule.
type Restriction struct {
	Step  moderation.Step `json:"step"`
	Rule  moderation.Rule `json:"rule,omitempty"`
	Count int             `json:"count"`
}

// NoticeCount counts notices of a kind by what came of them.
type NoticeCount struct {
	Kind    string `json:"kind"`              // flag or notice
	Outcome string `json:"outcome,omitempty"` // kept or removed; "": not answered yet
	Count   int    `json:"count"`
}

// Automated says what the machine did: it decided nothing.
type Automated struct {
	Decisions   int `json:"decisions"`    // taken by a machine: always 0
	WithScore   int `json:"with_score"`   // decisions whose editor saw scores
	Blind       int `json:"blind"`        // decisions without, on texts drawn at random
	BlindRight  int `json:"blind_right"`  // of these, foreseen by the machine (refused at one half or more)
	BlindWrong  int `json:"blind_wrong"`  // of these, not
	InBundles   int `json:"in_bundles"`   // releases in bundles
	Recalled    int `json:"recalled"`     // of these, removed
	ByEditors   int `json:"by_editors"`   // decisions on waiting texts
	Reconsider  int `json:"reconsidered"` // decisions that editors took up again themselves
	RestoredOwn int `json:"restored"`     // removals that editors reversed
}

// inForce leaves out undone decisions and undoings.
const inForce = ` and d.undoes = '' and not exists (select 1 from decisions u where u.comment_id = d.comment_id and u.undoes = d.id)`

// Yearly reports on a site's moderation from one moment to another.
func (s *Store) Yearly(ctx context.Context, siteID string, from, to time.Time) (Yearly, error) {
	out := Yearly{From: from, To: to, Restrictions: []Restriction{}, Notices: []NoticeCount{}, Complaints: map[string]int{"appeal": 0, "uphold": 0, "overturn": 0}}
	st, err := s.Site(ctx, siteID)
	if err != nil {
		return out, err
	}
	out.Site = st.Name
	for _, part := range []func(context.Context, string, *Yearly) error{s.yearSteps, s.yearNotices, s.yearMachine, s.yearWaits} {
		if err := part(ctx, siteID, &out); err != nil {
			return out, err
		}
	}
	return out, nil
}

func (s *Store) yearSteps(ctx context.Context, site string, y *Yearly) error {
	err := s.read.QueryRowContext(ctx, "select count(*) from revisions where site_id = $1 and submitted_at >= $2 and submitted_at < $3", site, micros(y.From), micros(y.To)).Scan(&y.Submitted)
	if err != nil {
		return classify(err)
	}
	return each(ctx, s.read, func(r *sql.Rows) error {
		var x Restriction
		if err := r.Scan(&x.Step, &x.Rule, &x.Count); err != nil {
			return err
		}
		switch x.Step {
		case moderation.Approve:
			y.Released += x.Count
		case moderation.Withdraw:
			y.Withdrawn += x.Count
		case moderation.Erase:
			y.Erased += x.Count
		case moderation.Appeal, moderation.Uphold, moderation.Overturn:
			y.Complaints[string(x.Step)] += x.Count
		case moderation.Reconsider:
			y.Automated.Reconsider += x.Count
		case moderation.Restore:
			y.Automated.RestoredOwn += x.Count
		case moderation.Reject, moderation.Return, moderation.Remove, moderation.Decline:
			y.Restrictions = append(y.Restrictions, x)
		}
		return nil
	}, "select d.step, d.rule, count(*) from decisions d where d.site_id = $1 and d.at >= $2 and d.at < $3"+inForce+" group by 1, 2 order by 1, 2", site, micros(y.From), micros(y.To))
}

func (s *Store) yearNotices(ctx context.Context, site string, y *Yearly) error {
	return each(ctx, s.read, func(r *sql.Rows) error {
		var x NoticeCount
		err := r.Scan(&x.Kind, &x.Outcome, &x.Count)
		y.Notices = append(y.Notices, x)
		return err
	}, "select kind, outcome, count(*) from notices where site_id = $1 and created_at >= $2 and created_at < $3 group by 1, 2 order by 1, 2", site, micros(y.From), micros(y.To))
}

func (s *Store) yearMachine(ctx context.Context, site string, y *Yearly) error {
	a := &y.Automated
	err := s.read.QueryRowContext(ctx, `select count(*), coalesce(sum(d.score_seen), 0),
			coalesce(sum(case when d.blind = 1 and r.refuse is not null then 1 else 0 end), 0),
			coalesce(sum(case when d.blind = 1 and r.refuse is not null and (r.refuse >= 0.5) = (d.step <> 'approve') then 1 else 0 end), 0),
			coalesce(sum(case when d.bundle <> '' then 1 else 0 end), 0)
		from decisions d join revisions r on r.comment_id = d.comment_id and r.number = d.revision
		where d.site_id = $1 and d.at >= $2 and d.at < $3 and d.from_state in ('pending', 'escalated') and d.step in ('approve', 'reject', 'return')`+inForce,
		site, micros(y.From), micros(y.To)).Scan(&a.ByEditors, &a.WithScore, &a.Blind, &a.BlindRight, &a.InBundles)
	a.BlindWrong = a.Blind - a.BlindRight
	if err != nil {
		return classify(err)
	}
	err = s.read.QueryRowContext(ctx, "select count(*) from decisions d where d.site_id = $1 and d.at >= $2 and d.at < $3 and d.step = 'remove' and d.bundle <> ''"+inForce,
		site, micros(y.From), micros(y.To)).Scan(&a.Recalled)
	return classify(err)
}

// yearWaits measures the medians, each by the pair of moments that it lies between.
func (s *Store) yearWaits(ctx context.Context, site string, y *Yearly) error {
	for _, x := range []struct {
		into  *float64
		query string
	}{
		{&y.WaitMedian, `select d.at - r.submitted_at from decisions d join revisions r on r.comment_id = d.comment_id and r.number = d.revision
			where d.site_id = $1 and d.at >= $2 and d.at < $3 and d.from_state = 'pending' and d.step in ('approve', 'reject', 'return', 'decline')` + inForce},
		{&y.NoticeMedian, "select decided_at - created_at from notices where site_id = $1 and created_at >= $2 and created_at < $3 and decided_at is not null"},
		{&y.AppealMedian, `select d.at - (select max(a.at) from decisions a where a.comment_id = d.comment_id and a.revision = d.revision and a.step = 'appeal' and a.seq < d.seq)
			from decisions d where d.site_id = $1 and d.at >= $2 and d.at < $3 and d.step in ('uphold', 'overturn')` + inForce},
	} {
		var waits []int64
		err := each(ctx, s.read, func(r *sql.Rows) error {
			var us sql.NullInt64
			err := r.Scan(&us)
			if us.Valid {
				waits = append(waits, us.Int64)
			}
			return err
		}, x.query, site, micros(y.From), micros(y.To))
		if err != nil {
			return err
		}
		if slices.Sort(waits); len(waits) > 0 {
			*x.into = time.Duration(waits[len(waits)/2] * int64(time.Microsecond)).Minutes()
		}
	}
	return nil
}

// EraseAuthor erases all comments of one author, as ExportAuthor finds them, on
// that person's request: what readers see or editors have not decided yet is
// withdrawn first, in the author's name. Left is how many wait for the answer to an appeal:
// they can be erased after it.
func (s *Store) EraseAuthor(ctx context.Context, key string) (erased, left int, err error) {
	ids, author, err := s.commentsOf(ctx, key)
	if err != nil {
		return 0, 0, err
	}
	for i, id := range ids {
		_, err := s.Apply(ctx, Request{Comment: id, Step: moderation.Withdraw, Actor: moderation.Actor{ID: author[i], Role: moderation.Author}})
		if err != nil && moderation.KindOf(err) == 0 {
			return erased, left, err
		}
		d, err := s.Dossier(ctx, id, 0)
		if err != nil {
			return erased, left, err
		}
		if d.Status == moderation.Appealed {
			left++
			continue
		}
		if err := s.Erase(ctx, id); err != nil {
			return erased, left, err
		}
		erased++
	}
	return erased, left, nil
}

// commentsOf finds an author's comments that are not erased yet: by an e-mail
// address, or by the token of one receipt.
func (s *Store) commentsOf(ctx context.Context, key string) (ids, authors []string, err error) {
	where := "lower(author_email) = lower($1)"
	if !strings.Contains(key, "@") {
		where = "author_id = (select author_id from comments where receipt_hash = $1)"
		key = hashed(key)
	}
	err = each(ctx, s.read, func(r *sql.Rows) error {
		var id, author string
		err := r.Scan(&id, &author)
		ids, authors = append(ids, id), append(authors, author)
		return err
	}, "select id, author_id from comments where "+where+" and erased_at is null order by created_at, id", key)
	if err == nil && len(ids) == 0 {
		err = moderation.Missing("receipt")
	}
	return ids, authors, err
}
