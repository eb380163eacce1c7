package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/freigabe/freigabe/internal/moderation"
)

// maxArrivals bounds how many submissions share a transaction, waiting how many
// may wait for one, and patience for how long: a submission past that is refused
// before memory grows and before its author gives up.
const (
	maxArrivals = 256
	waiting     = 4096
	patience    = 2 * time.Second
)

// intake takes in submissions. Those that arrive while a transaction is under
// way go into the next one together, so that a rush of a thousand a second needs
// few commits, and none waits longer than a commit or two.
type intake struct {
	in chan *arrival

	slowest atomic.Int64 // longest wait for a commit since it was last asked for, in nanoseconds

	gathering sync.Mutex
	began     time.Time    // the last group; real time, whatever the store's clock says
	ended     atomic.Int64 // when the last group of several was answered, in nanoseconds

	mu     sync.RWMutex
	closed bool
	wg     sync.WaitGroup
}

// waited notes how long a submission waited.
func (i *intake) waited(d time.Duration) {
	for {
		most := i.slowest.Load()
		if int64(d) <= most || i.slowest.CompareAndSwap(most, int64(d)) {
			return
		}
	}
}

// arrival is one submission on its way in.
type arrival struct {
	in   Submission
	name string // that counts, where a known author may not bear the one sent yet
	out  Submitted
	err  error
	came time.Time // real time, whatever the store's clock says
	done chan struct{}
}

func (s *Store) openIntake(workers int) {
	s.intake = &intake{in: make(chan *arrival, waiting)}
	for range workers {
		s.intake.wg.Go(s.receive)
	}
}

func (i *intake) close() {
	i.mu.Lock()
	if !i.closed {
		i.closed = true
		close(i.in)
	}
	i.mu.Unlock()
	i.wg.Wait()
}

func (i *intake) put(a *arrival) error {
	i.mu.RLock()
	defer i.mu.RUnlock()
	if i.closed {
		return classify(errClosed)
	}
	select {
	case i.in <- a:
		return nil
	default:
		return ErrBusy
	}
}

// receive takes in groups until the store is closed.
func (s *Store) receive() {
	group := make([]*arrival, 0, maxArrivals)
	for {
		if group = s.intake.gather(group[:0]); len(group) == 0 {
			return
		}
		oldest := group[0].came
		if group = s.stillWanted(group); len(group) > 0 {
			s.admit(group)
		}
		for _, a := range group {
			close(a.done)
		}
		s.intake.waited(time.Since(oldest))
		if len(group) > 1 {
			s.intake.ended.Store(time.Now().UnixNano())
		}
	}
}

// In a rush a group begins so long after the one before, and after a moment for those
// who come again at once when they are answered, or else when a crowd waits: a commit
// costs a processor more than ten comments. Who comes alone waits for nobody.
const (
	pace   = 25 * time.Millisecond
	moment = 5 * time.Millisecond
	crowd  = maxArrivals / 4
)

// worthWaiting tells whether the next group is worth waiting for.
func (i *intake) worthWaiting() bool {
	return len(i.in) < crowd && (time.Since(i.began) < pace || time.Since(time.Unix(0, i.ended.Load())) < moment)
}

// gather waits for submissions and gives those of the next group; none where the
// store is closed. One worker gathers while others write.
func (i *intake) gather(group []*arrival) []*arrival {
	i.gathering.Lock()
	defer i.gathering.Unlock()
	first, open := <-i.in
	if !open {
		return nil
	}
	for i.worthWaiting() {
		time.Sleep(2 * time.Millisecond)
	}
	i.began = time.Now()
	group = append(group, first)
	for len(group) < maxArrivals && len(i.in) > 0 {
		next, open := <-i.in
		if !open {
			break
		}
		group = append(group, next)
	}
	return group
}

// stillWanted refuses those that have waited too long already: their place is
// better given to one whose author is still there.
func (s *Store) stillWanted(group []*arrival) []*arrival {
	return slices.DeleteFunc(group, func(a *arrival) bool {
		late := time.Since(a.came) > patience
		if late {
			a.err = ErrBusy
			close(a.done)
		}
		return late
	})
}

// admit writes a group in one transaction. If that fails for a reason that lies
// with one of them, each gets a transaction of its own.
func (s *Store) admit(group []*arrival) {
	ctx := context.Background()
	err := s.write(ctx, func(tx *sql.Tx) error {
		for _, a := range group {
			a.err, a.out.Repeat, a.out.Token = nil, false, ""
		}
		g := groupOf(s, tx, group)
		return g.submit(ctx)
	})
	switch {
	case err == nil:
	case len(group) == 1 || errors.Is(err, ErrUnavailable):
		for _, a := range group {
			a.err = err
		}
	default:
		for _, a := range group {
			s.admit([]*arrival{a})
		}
	}
}

// group is the submissions of one transaction and what is known of their
// surroundings.
type group struct {
	s        *Store
	tx       *sql.Tx
	all      []*arrival
	articles map[string]Article
	sites    map[string]Site
	policies map[string]int // newest version by site
	parents  map[string]string
}

func groupOf(s *Store, tx *sql.Tx, all []*arrival) *group {
	return &group{s: s, tx: tx, all: all, articles: map[string]Article{}, sites: map[string]Site{}, policies: map[string]int{}, parents: map[string]string{}}
}

func (g *group) submit(ctx context.Context) error {
	secret, err := g.s.installationSecret(ctx, g.tx)
	if err != nil {
		return err
	}
	if err := g.surroundings(ctx); err != nil {
		return err
	}
	fresh, err := g.sift(ctx)
	if err != nil {
		return err
	}
	for _, a := range g.all {
		if a.err == nil {
			a.out.Token = receiptToken(secret, a.out.Comment)
		}
	}
	return g.insert(ctx, fresh)
}

// surroundings reads the articles, sites and parents that the group names.
func (g *group) surroundings(ctx context.Context) error {
	var articles, parents []string
	for _, a := range g.all {
		articles = append(articles, a.in.Article)
		if a.in.Parent != "" {
			parents = append(parents, a.in.Parent)
		}
	}
	in, args := list(articles, 1)
	err := each(ctx, g.tx, func(r *sql.Rows) error {
		art, err := scanArticle(r.Scan)
		g.articles[art.ID] = art
		return err
	}, "select "+articleColumns+" where a.id in ("+in+")", args...)
	if err != nil {
		return err
	}
	for _, art := range g.articles {
		if err := g.site(ctx, art.Site); err != nil {
			return err
		}
	}
	if len(parents) == 0 {
		return nil
	}
	in, args = list(parents, 1)
	return each(ctx, g.tx, func(r *sql.Rows) error {
		var id, article string
		err := r.Scan(&id, &article)
		g.parents[id] = article
		return err
	}, "select comment_id, article_id from publications where gone = '' and comment_id in ("+in+")", args...)
}

func (g *group) site(ctx context.Context, id string) error {
	if _, known := g.sites[id]; known {
		return nil
	}
	st, err := site(ctx, g.tx, id)
	if err != nil {
		return err
	}
	g.sites[id] = st
	var policy int
	err = g.tx.QueryRowContext(ctx, "select coalesce(max(version), 0) from policies where site_id = $1", id).Scan(&policy)
	g.policies[id] = policy
	return err
}

// list gives placeholders for the distinct values, their number rounded up to a
// power of two by repeating the last, so that few texts of statements arise.
func list(values []string, from int) (string, []any) {
	values = slices.Compact(slices.Sorted(slices.Values(values)))
	n := 1
	for n < len(values) {
		n *= 2
	}
	for len(values) < n {
		values = append(values, values[len(values)-1])
	}
	return placeholders(values, from)
}

// sift answers repeats and what cannot be taken in, and gives the rest.
func (g *group) sift(ctx context.Context) ([]*arrival, error) {
	leaders := map[string]*arrival{}
	var fresh []*arrival
	had, err := g.repeats(ctx)
	if err != nil {
		return nil, err
	}
	for _, a := range g.all {
		key := a.key()
		before := had[repeatKey(a.in, a.in.Sender.Before)]
		first := or2(had[key], before)
		if a.in.Idempotency != "" {
			first = had[key]
		}
		switch {
		case g.articles[a.in.Article].ID == "":
			a.err = moderation.Missing("article")
		case first != "":
			a.out.Comment, a.out.Repeat = first, true
		case leaders[key] != nil:
			a.out.Comment, a.out.Repeat, a.err = leaders[key].out.Comment, true, leaders[key].err
		default:
			leaders[key], a.err = a, g.refusal(a)
		}
		if a.err == nil && !a.out.Repeat {
			fresh = append(fresh, a)
		}
	}
	return g.lock(ctx, fresh, leaders)
}

func (a *arrival) key() string { return repeatKey(a.in, or2(a.in.Idempotency, a.in.Sender.Now)) }

// refusal says why a submission cannot be taken in. A parent that readers cannot
// see, whatever the cause, is refused like one that does not exist.
func (g *group) refusal(a *arrival) error {
	art := g.articles[a.in.Article]
	if status := art.Status(a.out.At); status != ThreadOpen && !a.in.Proof.Answer {
		return &moderation.Error{Kind: moderation.Conflict, Key: "error.thread_" + status}
	}
	if a.in.Parent != "" && g.parents[a.in.Parent] != a.in.Article {
		return moderation.BadField("parent_id", "error.parent")
	}
	return nil
}

// repeats finds the comments that the group's submissions repeat, by key.
func (g *group) repeats(ctx context.Context) (map[string]string, error) {
	var keys []string
	oldest := g.all[0].out.At
	for _, a := range g.all {
		keys = append(keys, a.key())
		if a.in.Idempotency == "" && a.in.Sender.Before != a.in.Sender.Now {
			keys = append(keys, repeatKey(a.in, a.in.Sender.Before))
		}
		if a.out.At.Before(oldest) {
			oldest = a.out.At
		}
	}
	return g.commentsOf(ctx, keys, micros(oldest.Add(-repeatWindow)))
}

func (g *group) commentsOf(ctx context.Context, keys []string, after int64) (map[string]string, error) {
	found := map[string]string{}
	in, args := list(keys, 2)
	err := each(ctx, g.tx, func(r *sql.Rows) error {
		var key, id string
		err := r.Scan(&key, &id)
		found[key] = id
		return err
	}, "select key, comment_id from repeats where at > $1 and key in ("+in+")", append([]any{after}, args...)...)
	return found, err
}

// lock writes the rows on which two nodes meet that take in the same submission
// at once: one wins, the other waits for its commit and finds a repeat. The rows
// go in by the order of their keys, so that two groups cannot wait for each other.
func (g *group) lock(ctx context.Context, fresh []*arrival, leaders map[string]*arrival) ([]*arrival, error) {
	slices.SortFunc(fresh, func(a, b *arrival) int { return strings.Compare(a.key(), b.key()) })
	var rows [][]any
	for _, a := range fresh {
		rows = append(rows, []any{a.key(), a.out.Comment, micros(a.out.At)})
	}
	won, err := insertRows(ctx, g.tx, g.s.d, "insert into repeats (key, comment_id, at)",
		fmt.Sprintf("on conflict (key) do update set comment_id = excluded.comment_id, at = excluded.at where repeats.at <= excluded.at - %d", repeatWindow.Microseconds()), rows)
	if err != nil || won == int64(len(rows)) {
		return fresh, err
	}
	var keys []string
	for _, a := range fresh {
		keys = append(keys, a.key())
	}
	have, err := g.commentsOf(ctx, keys, 0)
	fresh = slices.DeleteFunc(fresh, func(a *arrival) bool {
		lost := have[a.key()] != a.out.Comment
		if lost {
			a.out.Comment, a.out.Repeat = have[a.key()], true
		}
		return lost
	})
	for _, a := range g.all { // those that followed one that lost
		if first := leaders[a.key()]; a.err == nil && a.out.Repeat && first != nil && first != a {
			a.out.Comment = first.out.Comment
		}
	}
	return fresh, err
}

// insert writes the rows of the comments that are new.
func (g *group) insert(ctx context.Context, fresh []*arrival) error {
	var guests, comments, revisions, jobs, events [][]any
	for _, a := range fresh {
		art, st, at := g.articles[a.in.Article], g.sites[g.articles[a.in.Article].Site], micros(a.out.At)
		author, answer, err := g.author(ctx, a, art, &guests)
		if err != nil {
			return err
		}
		rev := newRevision(a.in.Text)
		blind := drawn(st.BlindShare()) && answer == ""
		comments = append(comments, []any{a.out.Comment, art.Site, art.ID, optional(a.in.Parent), author, or2(a.name, a.in.Name), optional(a.in.Email), optional(answer),
			flag(a.in.Proof.Kind != ""), flag(a.in.OfAge), 1, a.in.Notify, hashed(a.out.Token), optional(a.in.Sender.Now), g.policies[art.Site], or2(a.in.Lang, st.Lang), at})
		then, from, to := a.in.Promise.columns()
		revisions = append(revisions, []any{a.out.Comment, 1, art.Site, art.ID, string(moderation.Pending), rev.text, strings.ToLower(rev.text), rev.salt, rev.digest,
			flag(blind), flag(a.in.Hinted), at, at, then, from, to})
		jobs = append(jobs, []any{"assess", revisionKey(a.out.Comment, 1), a.out.Comment, at})
		if a.in.Email != "" {
			jobs = append(jobs, []any{"receipt", a.out.Comment, "", at})
		}
		events = append(events, []any{"queue", art.Site, art.ID, a.out.Comment, micros(g.s.Now())})
	}
	for _, t := range []struct {
		head, tail string
		rows       [][]any
	}{
		{"insert into authors (id, site_id, kind, name, email, created_at)", "", guests},
		{`insert into comments (id, site_id, article_id, parent_id, author_id, author_name, author_email, answer_of, proven, of_age, revision, notify,
			receipt_hash, sender_hash, policy, lang, created_at)`, "", comments},
		{"insert into revisions (comment_id, number, site_id, article_id, state, text, folded, salt, digest, blind, hint, submitted_at, state_at, waiting_then, wait_from, wait_to)", "", revisions},
		{"insert into jobs (kind, key, payload, run_at)", "on conflict (kind, key) do nothing", jobs},
		{"insert into outbox (topic, site_id, article_id, comment_id, at)", "", events},
	} {
		if _, err := insertRows(ctx, g.tx, g.s.d, t.head, t.tail, t.rows); err != nil {
			return err
		}
	}
	return nil
}

// author gives the author's id, and the editor's where the newsroom answers. A
// guest becomes a row to insert.
func (g *group) author(ctx context.Context, a *arrival, art Article, guests *[][]any) (id, answer string, err error) {
	if a.in.Proof.Kind != "" {
		return g.s.provenAuthor(ctx, g.tx, a, art)
	}
	id = NewID()
	*guests = append(*guests, []any{id, art.Site, "guest", a.in.Name, optional(a.in.Email), micros(a.out.At)})
	return id, "", nil
}

// insertRows writes rows by statements of up to 128 of them, in sizes that are
// powers of two, so that few texts of statements arise. It gives the number of
// rows written or changed.
func insertRows(ctx context.Context, tx *sql.Tx, d dialect, head, tail string, rows [][]any) (int64, error) {
	var total int64
	for size := 128; len(rows) > 0; {
		if len(rows) < size {
			size /= 2
			continue
		}
		args := make([]any, 0, size*len(rows[0]))
		for _, r := range rows[:size] {
			args = append(args, r...)
		}
		n, err := exec(ctx, tx, head+" values "+d.tuples(size, len(rows[0]))+" "+tail, args...)
		if err != nil {
			return total, err
		}
		total, rows = total+n, rows[size:]
	}
	return total, nil
}

// tuples gives the placeholders of a number of rows. SQLite looks every numbered
// one up in a list that grows with their number; plain ones it takes as they come.
func (d dialect) tuples(rows, width int) string {
	var b strings.Builder
	for r := range rows {
		for c := range width {
			switch {
			case c > 0:
				b.WriteString(", ")
			case r > 0:
				b.WriteString("), (")
			default:
				b.WriteString("(")
			}
			if d.name == "sqlite" {
				b.WriteByte('?')
				continue
			}
			fmt.Fprintf(&b, "$%d", r*width+c+1)
		}
	}
	b.WriteString(")")
	return b.String()
}
