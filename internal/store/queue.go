package store

import (
	"context"
	"database/sql"
	"encoding/json"
	"fmt"
	"slices"
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
// claims nothing. A search may give fewer comments than asked for, and go on at
// its cursor.
func (s *Store) Queue(ctx context.Context, f QueueFilter) ([]Waiting, string, error) {
	if f.State == "" {
		f.State = moderation.Pending
	}
	if f.Limit <= 0 || f.Limit > 200 {
		f.Limit = 50
	}
	if !slices.Contains(orders, f.Order) {
		return nil, "", moderation.BadField("order", "error.order")
	}
	if f.Text != "" {
		return s.found(ctx, f)
	}
	parts, err := s.parts(ctx, f, f.State == Any && f.Author == "")
	if err != nil {
		return nil, "", err
	}
	return s.merged(ctx, f, parts, sought{}, nil)
}

// listedStates are what Any stands for.
var listedStates = []moderation.State{moderation.Pending, moderation.Escalated, moderation.Appealed, moderation.Approved,
	moderation.Rejected, moderation.Returned, moderation.Declined, moderation.Removed}

// parts cuts a filter into those that an index serves: the indexes are of a state
// each; by score what waits has some over all sites, other states have one of a
// site each.
func (s *Store) parts(ctx context.Context, f QueueFilter, byState bool) ([]QueueFilter, error) {
	out := []QueueFilter{f}
	if byState {
		out = nil
		for _, state := range listedStates {
			f.State = state
			out = append(out, f)
		}
	}
	if f.Site == "" && f.State != moderation.Pending && (f.Order == "calm" || f.Order == "hot") {
		return s.bySite(ctx, out)
	}
	return out, nil
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

// merged reads the parts of a filter, in its order and up to the end where there
// is one, and gives the cursor of what follows.
func (s *Store) merged(ctx context.Context, f QueueFilter, parts []QueueFilter, q sought, end *spot) ([]Waiting, string, error) {
	var out []Waiting
	for _, part := range parts {
		found, err := s.queueOf(ctx, part, q, end)
		if err != nil {
			return nil, "", err
		}
		out = append(out, found...)
	}
	if len(parts) > 1 {
		slices.SortFunc(out, func(a, b Waiting) int { return spotOf(a, f.Order).compare(spotOf(b, f.Order), f.Order) })
	}
	switch {
	case len(out) > f.Limit:
		out = out[:f.Limit]
		return out, spotOf(out[f.Limit-1], f.Order).cursor(), nil
	case end != nil:
		return out, end.cursor(), nil
	}
	return out, "", nil
}

// queueOf reads one comment more than asked for, where there is one.
func (s *Store) queueOf(ctx context.Context, f QueueFilter, q sought, end *spot) ([]Waiting, error) {
	after, err := f.after()
	if err != nil {
		return nil, err
	}
	var out []Waiting
	for _, part := range spans(f.Order, after, end) {
		b := &clauses{args: []any{micros(s.Now())}}
		s.conditions(b, f, q)
		sorted := part.narrow(b, f.Order)
		err = each(ctx, s.read, func(r *sql.Rows) error {
			w, err := scanWaiting(r.Scan)
			out = append(out, w)
			return err
		}, "select "+waitingColumns+" where "+b.where()+sorted+" limit "+b.arg(f.Limit+1-len(out)), b.args...)
		if err != nil || len(out) > f.Limit {
			break
		}
	}
	return out, err
}

// conditions adds what a filter asks for, but for its cursor.
func (s *Store) conditions(b *clauses, f QueueFilter, q sought) {
	lead := ""
	if (q.few != nil || f.Author != "") && s.d.name == "sqlite" {
		lead = "+" // keeps SQLite from the indexes of the queue: the words, or the author, are the shorter way
	}
	if f.Text != "" {
		q.narrow(b)
	}
	f.ofState(b, lead)
	b.andIf(f.Site != "", lead+"r.site_id = ", f.Site)
	if f.Site == "" || !f.Reach.Whole(f.Site) {
		b.add(f.Reach.within(b, "r.site_id", "r.article_id"))
	}
	b.andIf(f.Article != "", lead+"r.article_id = ", f.Article)
	f.narrow(b)
}

func (f QueueFilter) ofState(b *clauses, lead string) {
	switch {
	case f.State == Any:
		b.add("r.state not in ('superseded', 'withdrawn')")
	case f.State == moderation.Pending && lead == "": // written out: the indexes of what waits hold nothing else
		b.add("r.state = 'pending'")
	default:
		b.and(lead+"r.state = ", string(f.State))
	}
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

// repeatsFor is for how long the same note of the same person is taken for one
// whose answer got lost.
const repeatsFor = 10 * time.Minute

// AddNote keeps a remark of an editor beside a comment, once however often it comes.
func (s *Store) AddNote(ctx context.Context, comment, editor, text string) error {
	return s.write(ctx, func(tx *sql.Tx) error {
		var site string
		if err := one(ctx, tx, "comment", []any{&site}, "select site_id from comments where id = $1"+s.d.forUpdate, comment); err != nil {
			return err
		}
		now := s.Now()
		n, err := exec(ctx, tx, `insert into notes (id, comment_id, editor_id, text, created_at) select $1, $2, $3, $4, $5
			where not exists (select 1 from notes where comment_id = $2 and editor_id = $3 and text = $4 and created_at > $6)`,
			NewID(), comment, editor, text, micros(now), micros(now.Add(-repeatsFor)))
		if err != nil || n == 0 {
			return err
		}
		return all(ctx, tx, event(s, "queue", site, "", comment))
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
