package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"

	"github.com/freigabe/freigabe/internal/moderation"
)

// Checked is what a check of the record found to be whole.
type Checked struct {
	Decisions    int
	Publications int
	Revisions    int
	Heads        []Head
	Alone        []string // names of sites with one deciding person
}

// Head is the end of a site's chain. Kept elsewhere, it shows later whether the
// end of the chain was cut off, which nothing else can.
type Head struct {
	Site string
	Seq  int64
	Hash string
}

// Broken names the first row that does not hold.
type Broken struct{ Table, Row, Why string }

func (b *Broken) Error() string { return fmt.Sprintf("%s %s: %s", b.Table, b.Row, b.Why) }

func broke(table, row, why string, args ...any) error {
	return &Broken{table, row, fmt.Sprintf(why, args...)}
}

// Check verifies every chain of decisions, every digest whose words remain, every
// state against the record, and every publication against its decision. With
// head, that hash must still be part of a chain. The first fault is a *Broken.
func (s *Store) Check(ctx context.Context, head string) (Checked, error) {
	tx, err := s.snapshot(ctx)
	if err != nil {
		return Checked{}, classify(err)
	}
	out, err := check(ctx, tx, head)
	return out, errors.Join(err, ignoreDone(tx.Rollback()))
}

// snapshot is a view of the database that stays as it is, beside running writes.
func (s *Store) snapshot(ctx context.Context) (*sql.Tx, error) {
	if s.d.name == "sqlite" {
		return s.read.BeginTx(ctx, nil)
	}
	return s.db.BeginTx(ctx, &sql.TxOptions{Isolation: sql.LevelRepeatableRead, ReadOnly: true})
}

func check(ctx context.Context, q querier, head string) (Checked, error) {
	var out Checked
	sites, err := sitesOf(ctx, q)
	if err != nil {
		return out, err
	}
	found := head == ""
	for _, st := range sites {
		h, has, err := checkChain(ctx, q, st.ID, head, &out)
		if err != nil {
			return out, err
		}
		out.Heads, found = append(out.Heads, Head{st.Name, h.Seq, h.Hash}), found || has
		people, err := staff(ctx, q, st.ID)
		if err != nil {
			return out, err
		}
		if len(people.Deciders) < 2 {
			out.Alone = append(out.Alone, st.Name)
		}
	}
	if !found {
		return out, broke("chains", head, "this head is no longer part of any chain: entries were cut off")
	}
	if err := checkStates(ctx, q, &out); err != nil {
		return out, err
	}
	if err := checkPublications(ctx, q, &out); err != nil {
		return out, err
	}
	return out, checkCounts(ctx, q)
}

// checkCounts holds the number that readers are told against what they see.
func checkCounts(ctx context.Context, q querier) error {
	return each(ctx, q, func(r *sql.Rows) error {
		var article string
		var says, are int
		if err := r.Scan(&article, &says, &are); err != nil {
			return err
		}
		return broke("counts", article, "says %d released comments, but there are %d", says, are)
	}, `select article_id, comments, public from (select c.article_id, c.comments,
		(select count(*) from publications p where p.article_id = c.article_id and p.gone = '') public from counts c) told
		where comments <> public order by article_id`)
}

// checkChain reads a site's decisions in order. It holds the erased rows against
// the erasure steps, which come later in the chain, at its end.
func checkChain(ctx context.Context, q querier, siteID, head string, out *Checked) (Head, bool, error) {
	h, has := Head{Site: siteID}, false
	empty, erased := map[string]string{}, map[string]bool{}
	err := each(ctx, q, func(r *sql.Rows) error {
		var reasonSalt, text, salt, digest string
		d, err := scanDecision(r.Scan, &reasonSalt, &text, &salt, &digest)
		if err != nil {
			return err
		}
		if err := checkLink(d, h); err != nil {
			return err
		}
		h.Seq, h.Hash, has = d.Seq, d.Hash, has || d.Hash == head
		out.Decisions++
		if d.Step == moderation.Erase {
			erased[d.Comment] = true
		}
		return checkWords(d, reasonSalt, text, salt, digest, empty)
	}, "select "+decisionWithWords+" where d.site_id = $1 order by d.seq", siteID)
	if err != nil {
		return h, has, err
	}
	for comment, decision := range empty {
		if !erased[comment] {
			return h, has, broke("decisions", decision, "its words are gone without an erasure step")
		}
	}
	var seq int64
	var last string
	if err := one(ctx, q, "chain", []any{&seq, &last}, "select seq, head from chains where site_id = $1", siteID); err != nil {
		return h, has, err
	}
	if seq != h.Seq || last != h.Hash {
		return h, has, broke("chains", siteID, "the head is entry %d, but the last entry is %d", seq, h.Seq)
	}
	return h, has, nil
}

const decisionWithWords = `d.id, d.site_id, d.seq, d.comment_id, d.revision, d.step, d.from_state, d.to_state, d.actor_id, d.actor_role, d.at, d.hold_until,
	d.rule, d.reason, d.passages, d.undoes, d.bundle, d.policy, d.score_seen, d.blind, d.text_digest, d.reason_digest, d.assessment_digest, d.prev, d.hash, '', '',
	d.reason_salt, coalesce(r.text, ''), coalesce(r.salt, ''), coalesce(r.digest, '')
	from decisions d left join revisions r on r.comment_id = d.comment_id and r.number = d.revision`

func checkLink(d moderation.Decision, h Head) error {
	switch {
	case d.Seq != h.Seq+1:
		return broke("decisions", d.ID, "entry %d follows entry %d: something is missing", d.Seq, h.Seq)
	case d.Prev != h.Hash:
		return broke("decisions", d.ID, "does not follow from the entry before it")
	case d.Sum() != d.Hash:
		return broke("decisions", d.ID, "was changed after it was written")
	}
	return nil
}

// checkWords holds the digests against the words that remain, and notes where
// none remain.
func checkWords(d moderation.Decision, reasonSalt, text, salt, digest string, empty map[string]string) error {
	if salt == "" || reasonSalt == "" {
		empty[d.Comment] = d.ID
		if salt == "" && text != "" || reasonSalt == "" && d.Statement() != "" {
			return broke("decisions", d.ID, "its words cannot be verified any more, but are still there")
		}
	}
	switch {
	case d.TextDigest != digest:
		return broke("decisions", d.ID, "names another text than revision %d of comment %s", d.Revision, d.Comment)
	case salt != "" && moderation.Digest(salt, text) != digest:
		return broke("revisions", revisionKey(d.Comment, d.Revision), "its text was changed after it was submitted")
	case reasonSalt != "" && moderation.Digest(reasonSalt, d.Statement()) != d.ReasonDigest:
		return broke("decisions", d.ID, "its reason or the passages marked were changed after it was written")
	}
	return nil
}

// checkStates replays the record of each comment and compares the states.
func checkStates(ctx context.Context, q querier, out *Checked) error {
	return each(ctx, q, func(r *sql.Rows) error {
		var comment, state, decision, to, inForce, text, textDigest, assessment, salt, digest string
		var number, newest, public int
		if err := r.Scan(&comment, &number, &state, &decision, &to, &inForce, &newest, &text, &textDigest, &assessment, &salt, &digest, &public); err != nil {
			return err
		}
		out.Revisions++
		row := revisionKey(comment, number)
		switch {
		case salt != "" && moderation.Digest(salt, text) != textDigest:
			return broke("revisions", row, "its text was changed after it was submitted")
		case assessment != "" && salt != "" && moderation.Digest(salt, assessment) != digest:
			return broke("revisions", row, "its assessment was changed after it was made")
		case state == string(moderation.Superseded):
			if newest == number {
				return broke("revisions", row, "is superseded, but nothing replaced it")
			}
		case decision == "" && state != string(moderation.Pending):
			return broke("revisions", row, "is %s without a decision", state)
		case decision != "" && to != state:
			return broke("revisions", row, "is %s, but its decision %s says %q", state, decision, to)
		case state == string(moderation.Approved) && public == 0:
			return broke("revisions", row, "is released, but not public, and nothing is left to publish it")
		case decision != inForce:
			return broke("revisions", row, "does not stand by its latest decision %s", inForce)
		}
		return nil
	}, `select r.comment_id, r.number, r.state, coalesce(r.decision_id, ''), coalesce(d.to_state, ''),
		coalesce((select x.id from decisions x where x.comment_id = r.comment_id and x.revision = r.number
			and x.step <> 'undo' and x.from_state <> x.to_state and not exists (select 1 from decisions u where u.comment_id = x.comment_id and u.undoes = x.id)
			order by x.seq desc limit 1), ''), c.revision, r.text, r.digest, r.assessment, r.salt, r.assessment_digest,
		case when exists (select 1 from publications p where p.comment_id = r.comment_id and p.revision = r.number and p.gone = '' and c.live_revision = r.number) or exists (select 1 from jobs j where j.kind = 'publish' and j.key = r.decision_id) then 1 else 0 end
		from revisions r join comments c on c.id = r.comment_id left join decisions d on d.id = r.decision_id order by r.comment_id, r.number`)
}

// checkPublications holds what readers see against the decisions that released it.
func checkPublications(ctx context.Context, q querier, out *Checked) error {
	return each(ctx, q, func(r *sql.Rows) error {
		var comment, gone, text, released, name, author, state, step, releasedBy, publishedBy string
		var number, decided, live int
		if err := r.Scan(&comment, &number, &gone, &text, &released, &name, &author, &state, &step, &decided, &live, &releasedBy, &publishedBy); err != nil {
			return err
		}
		out.Publications++
		switch {
		case step != "approve" && step != "overturn" && step != "restore":
			return broke("publications", comment, "stands on a decision that releases nothing")
		case decided != number:
			return broke("publications", comment, "shows revision %d, but its decision released %d", number, decided)
		case gone != "":
			if text != "" {
				return broke("publications", comment, "is %s, but its text is still there", gone)
			}
		case state != string(moderation.Approved):
			return broke("publications", comment, "shows a text that is %s", state)
		case live != number || releasedBy != publishedBy:
			return broke("publications", comment, "is not what the comment's record released")
		case name != author:
			return broke("publications", comment, "names another author than the one who submitted it")
		case released != text:
			return broke("publications", comment, "shows other words than were released")
		}
		return nil
	}, `select p.comment_id, p.revision, p.gone, p.text, coalesce(r.text, ''), p.author_name, coalesce(c.author_name, ''), coalesce(r.state, ''), coalesce(d.step, ''), coalesce(d.revision, 0),
		coalesce(c.live_revision, 0), coalesce(r.decision_id, ''), p.decision_id
		from publications p left join decisions d on d.id = p.decision_id left join comments c on c.id = p.comment_id
		left join revisions r on r.comment_id = p.comment_id and r.number = p.revision order by p.comment_id`)
}
