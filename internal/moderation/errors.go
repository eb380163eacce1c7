package moderation

import (
	"errors"
	"fmt"
)

// Kind sorts what can go wrong into the four kinds that a person can act on.
// Everything else is an internal error, whose text nobody outside ever sees.
type Kind int

// The kinds of error.
const (
	NotFound  Kind = iota + 1 // there is no such thing, or it is not to be seen
	Conflict                  // somebody was faster, or the state does not allow the step
	Forbidden                 // this person may not do it
	Invalid                   // the input is wrong; Field and Key say what to do
)

// Error is a refusal that a person can act on.
type Error struct {
	Kind     Kind
	Field    string    // the input's field, for Invalid
	Key      string    // message key of the text catalogue
	Args     []string  // name, value pairs for the message
	Decision *Decision // for Conflict: the decision that won, if one did
}

func (e *Error) Error() string {
	name := map[Kind]string{NotFound: "not found", Conflict: "conflict", Forbidden: "forbidden", Invalid: "invalid"}[e.Kind]
	if e.Field != "" {
		return fmt.Sprintf("%s: %s (%s)", name, e.Key, e.Field)
	}
	return name + ": " + e.Key
}

// KindOf gives the kind of err, or 0 for an internal error.
func KindOf(err error) Kind {
	if e, ok := errors.AsType[*Error](err); ok {
		return e.Kind
	}
	return 0
}

// Missing is the error for anything that does not exist or must look so.
func Missing(what string) error { return &Error{Kind: NotFound, Key: "error.not_found." + what} }

func refuse(key string) error { return &Error{Kind: Forbidden, Key: key} }

// BadField is the error for an input that must be changed; key says how.
func BadField(field, key string, args ...string) error {
	return &Error{Kind: Invalid, Field: field, Key: key, Args: args}
}
