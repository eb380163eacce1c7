package store

import (
	"strconv"
	"strings"
)

// clauses collects conditions and their arguments.
type clauses struct {
	list []string
	args []any
}

func (b *clauses) arg(v any) string {
	b.args = append(b.args, v)
	return "$" + strconv.Itoa(len(b.args))
}

func (b *clauses) add(condition string) { b.list = append(b.list, condition) }

func (b *clauses) where() string { return strings.Join(b.list, " and ") }

func (b *clauses) and(condition string, v any) { b.add(condition + b.arg(v)) }

func (b *clauses) andIf(when bool, condition string, v any) {
	if when {
		b.and(condition, v)
	}
}

func likeWords(words string) string {
	return strings.NewReplacer(`\`, `\\`, `%`, `\%`, `_`, `\_`).Replace(strings.ToLower(words))
}
