package store

import (
	"context"
	"database/sql"
	"time"

	"github.com/freigabe/freigabe/internal/moderation"
)

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
