package store

import (
	"cmp"
	"context"
	"database/sql"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/freigabe/freigabe/internal/moderation"
)

// QueueFilter says which comments the desk wants to see, and in which order.
type QueueFilter struct {
	Site    string           // "": all sites within reach
	Reach   Reach            // where the one who asks works; nil: everywhere
	State   moderation.State // "": pending
	Order   string           // "oldest" (default), "newest", "calm", "hot"
	Article string
	Rule    moderation.Rule // the rule that scored highest, or that the decision named
	Text    string          // words, or beginnings of words, that the text holds
	Limit   int             // 1 to 200; 50 where 0
	Cursor  string

	Section  string    // of the article
	Author   string    // id
	Flag     string    // kind of a flag that the assessment raised
	Free     *Claimant // leaves out what other claimants have on their screens
	Decider  string    // leaves out what this person has decided or escalated already
	NotBlind bool      // leaves out what was drawn for blind control
	First    bool      // first comments of proven authors
	Edited   bool      // changed after a release
}

// Any stands for every state that the desk lists. It is for searches, which the
// index of words makes short.
const Any moderation.State = "any"

// Waiting is a row of the queue.
type Waiting struct {
	ID         string
	Revision   int
	State      moderation.State
	Site       string
	Article    string
	Headline   string
	Parent     string
	Name       string
	Author     string
	Proven     bool
	Text       string
	Submitted  time.Time // of this revision
	Assessment moderation.Assessment
	Refuse     *float64
	Blind      bool
	Claimed    string // name of the editor who has it on the screen
	ClaimedBy  string // that editor's id
}

const waitingColumns = `r.comment_id, r.number, r.state, r.site_id, r.article_id, a.headline, coalesce(c.parent_id, ''), c.author_name, c.author_id, c.proven,
	r.text, r.submitted_at, r.assessment, r.refuse, r.blind, coalesce(e.name, ''), coalesce(e.id, '')
	from revisions r join comments c on c.id = r.comment_id join articles a on a.id = r.article_id
	left join claims k on k.comment_id = r.comment_id and k.until > $1 left join editors e on e.id = k.editor_id`

func scanWaiting(scan func(...any) error) (Waiting, error) {
	var w Waiting
	var proven, blind int
	var at int64
	var assessment string
	var refuse sql.NullFloat64
	err := scan(&w.ID, &w.Revision, &w.State, &w.Site, &w.Article, &w.Headline, &w.Parent, &w.Name, &w.Author, &proven, &w.Text, &at, &assessment, &refuse, &blind, &w.Claimed, &w.ClaimedBy)
	if err != nil {
		return w, err
	}
	w.Proven, w.Blind, w.Submitted = proven == 1, blind == 1, fromMicros(at)
	if refuse.Valid {
		w.Refuse = &refuse.Float64
	}
	w.Assessment, err = decodeAssessment(assessment)
	return w, err
}

// decodeAssessment reads a stored assessment; none yet means that no rule was checked.
func decodeAssessment(text string) (moderation.Assessment, error) {
	if text == "" {
		return moderation.NotChecked("waiting"), nil
	}
	var a moderation.Assessment
	if err := json.Unmarshal([]byte(text), &a); err != nil {
		return a, fmt.Errorf("stored assessment: %w", err)
	}
	return a, nil
}

// Queue lists comments for the desk, and the cursor of the next page. Reading
// claims nothing.
func (s *Store) Queue(ctx context.Context, f QueueFilter) ([]Waiting, string, error) {
	if f.State == "" {
		f.State = moderation.Pending
	}
	if f.Limit <= 0 || f.Limit > 200 {
		f.Limit = 50
	}
	out, err := s.queued(ctx, f)
	if err != nil || len(out) <= f.Limit {
		return out, "", err
	}
	return out[:f.Limit], queueCursor(out[f.Limit-1], f.Order), nil
}

// listedStates are what Any stands for.
var listedStates = []moderation.State{moderation.Pending, moderation.Escalated, moderation.Appealed, moderation.Approved,
	moderation.Rejected, moderation.Returned, moderation.Declined, moderation.Removed}

// queued lists one comment more than asked for, where there is one. The indexes
// serve a state each; by score what waits has some over all sites, other states
// have one of a site each. So several are read one by one and merged.
func (s *Store) queued(ctx context.Context, f QueueFilter) ([]Waiting, error) {
	var q sought
	var err error
	if f.Text != "" {
		if q, err = s.seek(ctx, f.Text); err != nil {
			return nil, err
		}
	}
	parts := []QueueFilter{f}
	if f.State == Any && q.rare == "" {
		parts = nil
		for _, state := range listedStates {
			f.State = state
			parts = append(parts, f)
		}
	}
	if f.Site == "" && f.State != moderation.Pending && (f.Order == "calm" || f.Order == "hot") {
		if parts, err = s.bySite(ctx, parts); err != nil {
			return nil, err
		}
	}
	var out []Waiting
	for _, part := range parts {
		found, err := s.queueOf(ctx, part, q)
		if err != nil {
			return nil, err
		}
		out = append(out, found...)
	}
	if len(parts) > 1 {
		slices.SortFunc(out, f.compare)
	}
	return out[:min(len(out), f.Limit+1)], nil
}

func (s *Store) bySite(ctx context.Context, all []QueueFilter) ([]QueueFilter, error) {
	sites, err := sitesOf(ctx, s.read)
	var out []QueueFilter
	for _, f := range all {
		for _, x := range sites {
			if f.Reach.Serves(x.ID) {
				f.Site = x.ID
				out = append(out, f)
			}
		}
	}
	return out, err
}

// compare puts two comments into the filter's order.
func (f QueueFilter) compare(a, b Waiting) int {
	if f.Order == "newest" {
		a, b = b, a
	}
	place := 0
	if f.Order == "calm" || f.Order == "hot" {
		place = cmp.Compare(placeByScore(a, f.Order), placeByScore(b, f.Order))
	}
	return cmp.Or(place, a.Submitted.Compare(b.Submitted), strings.Compare(a.ID, b.ID))
}

func (s *Store) queueOf(ctx context.Context, f QueueFilter, q sought) ([]Waiting, error) {
	b := &clauses{args: []any{micros(s.Now())}}
	lead := ""
	if q.rare != "" {
		lead = "+" // keeps SQLite from the indexes of the queue: the words are the shorter way
	}
	if f.Text != "" {
		s.search(b, q)
	}
	switch {
	case f.State == Any:
		b.add("r.state not in ('superseded', 'withdrawn')")
	case f.State == moderation.Pending && lead == "": // written out: the indexes of what waits hold nothing else
		b.add("r.state = 'pending'")
	default:
		b.and(lead+"r.state = ", string(f.State))
	}
	b.andIf(f.Site != "", lead+"r.site_id = ", f.Site)
	if f.Site == "" || !f.Reach.Whole(f.Site) {
		b.add(f.Reach.within(b, "r.site_id", "r.article_id"))
	}
	b.andIf(f.Article != "", lead+"r.article_id = ", f.Article)
	f.narrow(b)
	order, key, err := queueOrder(f.Order)
	if err != nil {
		return nil, err
	}
	if f.Cursor != "" {
		if err := afterCursor(b, f, key); err != nil {
			return nil, err
		}
	}
	var out []Waiting
	err = each(ctx, s.read, func(r *sql.Rows) error {
		w, err := scanWaiting(r.Scan)
		out = append(out, w)
		return err
	}, "select "+waitingColumns+" where "+b.where()+" order by "+order+" limit "+b.arg(f.Limit+1), b.args...)
	return out, err
}

// narrow adds the conditions beyond state, site and article.
func (f QueueFilter) narrow(b *clauses) {
	if f.Rule != "" { // the machine's word does not count for what was drawn for blind control
		b.add("(r.blind = 0 and r.top_rule = " + b.arg(string(f.Rule)) + " or exists (select 1 from decisions d where d.id = r.decision_id and d.rule = " + b.arg(string(f.Rule)) + "))")
	}
	if f.First {
		b.add("c.proven = 1 and not exists (select 1 from comments o where o.author_id = c.author_id and o.proven = 1 and o.created_at < c.created_at)")
	}
	if f.Edited {
		b.add("c.live_revision is not null and c.live_revision < r.number")
	}
	if f.Flag != "" {
		b.add("r.blind = 0 and r.assessment like " + b.arg(`%"flag":"`+likeWords(f.Flag)+`"%`) + ` escape '\'`)
	}
	b.andIf(f.Section != "", "a.section = ", f.Section)
	b.andIf(f.Author != "", "c.author_id = ", f.Author)
	if f.NotBlind {
		b.add("r.blind = 0")
	}
	if f.Free != nil {
		b.add("(k.comment_id is null or k.editor_id = " + b.arg(f.Free.Editor) + " and k.holder = " + b.arg(f.Free.Holder) + ")")
	}
	if f.Decider != "" {
		b.add("not exists (select 1 from decisions d where d.comment_id = r.comment_id and d.revision = r.number and d.actor_id = " + b.arg(f.Decider) +
			" and d.step in ('escalate', 'reject', 'remove') and not exists (select 1 from decisions u where u.comment_id = r.comment_id and u.undoes = d.id))")
	}
}

// refuseKey orders by the sixth head. A text not checked counts as unclear, and
// so does one drawn for blind control: its place must tell nothing.
const refuseKey = "(case when r.blind = 1 then 0.5 else coalesce(r.refuse, 0.5) end)"

func queueOrder(order string) (by, key string, err error) {
	switch order {
	case "", "oldest":
		return "r.submitted_at, r.comment_id", "", nil
	case "newest":
		return "r.submitted_at desc, r.comment_id desc", "", nil
	case "calm":
		return refuseKey + ", r.submitted_at, r.comment_id", refuseKey, nil
	case "hot":
		return "-" + refuseKey + ", r.submitted_at, r.comment_id", "-" + refuseKey, nil
	}
	return "", "", moderation.BadField("order", "error.order")
}

// placeByScore is what refuseKey gives for a comment, turned round for the hot order.
func placeByScore(w Waiting, order string) float64 {
	score := 0.5
	if w.Refuse != nil && !w.Blind {
		score = *w.Refuse
	}
	if order == "hot" {
		return -score
	}
	return score
}

func queueCursor(w Waiting, order string) string {
	return base64.RawURLEncoding.EncodeToString(fmt.Appendf(nil, "%s %d %s", strconv.FormatFloat(placeByScore(w, order), 'g', -1, 64), micros(w.Submitted), w.ID))
}

func afterCursor(b *clauses, f QueueFilter, key string) error {
	raw, err := base64.RawURLEncoding.DecodeString(f.Cursor)
	parts := strings.Fields(string(raw))
	if err != nil || len(parts) != 3 {
		return moderation.BadField("cursor", "error.cursor")
	}
	score, err1 := strconv.ParseFloat(parts[0], 64)
	at, err2 := strconv.ParseInt(parts[1], 10, 64)
	if err1 != nil || err2 != nil {
		return moderation.BadField("cursor", "error.cursor")
	}
	if f.Order == "newest" {
		b.add("(r.submitted_at < " + b.arg(at) + " or r.submitted_at = " + b.arg(at) + " and r.comment_id < " + b.arg(parts[2]) + ")")
		return nil
	}
	older := "(r.submitted_at > " + b.arg(at) + " or r.submitted_at = " + b.arg(at) + " and r.comment_id > " + b.arg(parts[2]) + ")"
	if key == "" {
		b.add(older)
		return nil
	}
	b.add("(" + key + " > " + b.arg(score) + " or " + key + " = " + b.arg(score) + " and " + older + ")")
	return nil
}

// Dossier is everything the desk shows of one comment.
type Dossier struct {
	Waiting
	Email     string
	Tongue    string           // the language in which the author is written to
	Status    moderation.State // of the newest revision
	Live      int              // the revision that readers see, 0 for none
	Picked    bool
	Answer    bool // an editor's answer
	Hinted    bool
	Policy    int
	Revisions []Version
	History   []moderation.Decision
	Notes     []Note
	Record    Record
}

// Version is one text of a comment.
type Version struct {
	Number    int
	State     moderation.State
	Text      string
	Submitted time.Time
}

// Note is a remark of an editor that only the desk sees.
type Note struct {
	Editor string
	Text   string
	At     time.Time
}

// Record is what the desk knows of a proven author; a typed name has none.
type Record struct {
	Proven                                        bool
	Submitted, Approved, Rejected, Removed, Waits int
	Since                                         time.Time             // of the first comment
	Last                                          []moderation.Decision // newest first
}

// Dossier gives one comment to the desk; revision 0 means the newest.
func (s *Store) Dossier(ctx context.Context, comment string, number int) (Dossier, error) {
	var d Dossier
	var picked, answer int
	err := one(ctx, s.read, "comment", []any{&number, &d.Live, &picked, &d.Email, &answer, &d.Policy, &d.Tongue},
		`select case when cast($2 as integer) > 0 then cast($2 as integer) else revision end, coalesce(live_revision, 0), picked, coalesce(author_email, ''),
		case when answer_of is null then 0 else 1 end, policy, lang from comments where id = $1`, comment, number)
	if err != nil {
		return d, err
	}
	d.Picked, d.Answer = picked == 1, answer == 1
	d.Waiting, err = scanWaiting(func(dest ...any) error {
		return one(ctx, s.read, "comment", dest, "select "+waitingColumns+" where r.comment_id = $2 and r.number = $3", micros(s.Now()), comment, number)
	})
	if err != nil {
		return d, err
	}
	return d, s.fillDossier(ctx, &d)
}

func (s *Store) fillDossier(ctx context.Context, d *Dossier) error {
	err := each(ctx, s.read, func(r *sql.Rows) error {
		var v Version
		var at int64
		err := r.Scan(&v.Number, &v.State, &v.Text, &at)
		v.Submitted = fromMicros(at)
		d.Revisions, d.Status = append(d.Revisions, v), v.State
		return err
	}, "select number, state, text, submitted_at from revisions where comment_id = $1 order by number", d.ID)
	if err != nil {
		return err
	}
	for i := len(d.Revisions) - 1; i >= 0 && d.Status == moderation.Superseded; i-- {
		d.Status = d.Revisions[i].State
	}
	if d.History, err = s.History(ctx, d.ID); err != nil {
		return err
	}
	err = each(ctx, s.read, func(r *sql.Rows) error {
		var n Note
		var at int64
		err := r.Scan(&n.Editor, &n.Text, &at)
		n.At = fromMicros(at)
		d.Notes = append(d.Notes, n)
		return err
	}, "select e.name, n.text, n.created_at from notes n join editors e on e.id = n.editor_id where n.comment_id = $1 order by n.created_at", d.ID)
	if err != nil || !d.Proven {
		return err
	}
	d.Record, err = s.RecordOf(ctx, d.Author)
	return err
}

// RecordOf gives the record of a proven author.
func (s *Store) RecordOf(ctx context.Context, author string) (Record, error) {
	rec := Record{Proven: true}
	err := each(ctx, s.read, func(r *sql.Rows) error {
		var state moderation.State
		var n int
		if err := r.Scan(&state, &n); err != nil {
			return err
		}
		rec.Submitted += n
		switch state {
		case moderation.Approved:
			rec.Approved += n
		case moderation.Rejected, moderation.Returned, moderation.Appealed:
			rec.Rejected += n
		case moderation.Removed:
			rec.Removed += n
		case moderation.Pending, moderation.Escalated:
			rec.Waits += n
		}
		return nil
	}, `select r.state, count(*) from comments c join revisions r on r.comment_id = c.id and r.number = c.revision
		where c.author_id = $1 and c.proven = 1 group by r.state`, author)
	if err != nil {
		return rec, err
	}
	var since sql.NullInt64
	if err := s.read.QueryRowContext(ctx, "select min(created_at) from comments where author_id = $1 and proven = 1", author).Scan(&since); err != nil {
		return rec, classify(err)
	}
	rec.Since = timeOf(since)
	rec.Last, err = decisions(ctx, s.read, `d.comment_id in (select id from comments where author_id = $1 and proven = 1)
		and d.actor_role in ('editor', 'chief') order by d.at desc limit 5`, author)
	return rec, err
}

// AddNote keeps a remark of an editor beside a comment.
func (s *Store) AddNote(ctx context.Context, comment, editor, text string) error {
	return s.write(ctx, func(tx *sql.Tx) error {
		var site string
		if err := one(ctx, tx, "comment", []any{&site}, "select site_id from comments where id = $1", comment); err != nil {
			return err
		}
		return all(ctx, tx,
			stmt("insert into notes (id, comment_id, editor_id, text, created_at) values ($1, $2, $3, $4, $5)", NewID(), comment, editor, text, micros(s.Now())),
			event(s, "queue", site, "", comment))
	})
}

// CountMost is where counting stops: more waiting comments than that are "many".
const CountMost = 10_000

// QueueCounts counts what waits within reach by state, up to CountMost each.
func (s *Store) QueueCounts(ctx context.Context, reach Reach) (map[moderation.State]int, error) {
	out := map[moderation.State]int{}
	for _, state := range []moderation.State{moderation.Pending, moderation.Escalated, moderation.Appealed} {
		b := &clauses{args: []any{string(state), CountMost}}
		var n int
		query := "select count(*) from (select 1 from revisions r where r.state = $1 and " + reach.within(b, "r.site_id", "r.article_id") + " limit $2) counted"
		if err := s.read.QueryRowContext(ctx, query, b.args...).Scan(&n); err != nil {
			return nil, classify(err)
		}
		out[state] = n
	}
	return out, nil
}

// ClaimFor puts a comment on an editor's screen for some minutes, unless somebody
// else has it: then the name of that editor is the answer. A claim never stands
// in the way of a decision.
func (s *Store) ClaimFor(ctx context.Context, comment string, who Claimant, life time.Duration) (heldBy string, err error) {
	got, err := s.Claim(ctx, who, []string{comment}, 1, life)
	if err != nil || len(got) == 1 {
		return "", err
	}
	err = one(ctx, s.read, "claim", []any{&heldBy}, "select e.name from claims k join editors e on e.id = k.editor_id where k.comment_id = $1", comment)
	if moderation.KindOf(err) == moderation.NotFound {
		return "", nil // given back in this moment
	}
	return heldBy, err
}
