package store

import "context"

// HintOutcomes counts the decisions of a period on texts whose author was shown a
// hint before sending and then changed them, and on all others. Of a hint nothing
// else is known: neither the text that it was shown for nor the passage.
func (s *Store) HintOutcomes(ctx context.Context, p Period) (changed, others Share, err error) {
	from, b := decided(p)
	err = s.read.QueryRowContext(ctx, "select coalesce(sum(r.hint), 0), coalesce(sum(case when r.hint = 1 and d.step <> 'approve' then 1 else 0 end), 0), count(*), "+
		refusedSum+from+" where "+b.where(), b.args...).Scan(&changed.Decided, &changed.Refused, &others.Decided, &others.Refused)
	others.Decided, others.Refused = others.Decided-changed.Decided, others.Refused-changed.Refused
	return changed, others, classify(err)
}
