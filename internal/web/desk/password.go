package desk

import (
	"context"
	"crypto/rand"
	"crypto/subtle"
	"encoding/base64"
	"errors"
	"fmt"
	"strings"

	"github.com/freigabe/freigabe/internal/moderation"
	"golang.org/x/crypto/argon2"
)

// Parameters of argon2id as OWASP's password storage sheet recommends them:
// 19 MiB, two passes, one lane. A hash keeps its own, so they can be raised.
const (
	hashMemory = 19 * 1024 // KiB
	hashPasses = 2
	hashLanes  = 1
	hashLength = 32
)

// Bounds of a password. The upper one, in bytes, keeps hashing cheap; the lower
// one, in characters, holds where people change their own.
const (
	minPassword = 10
	maxPassword = 1024
)

// HashPassword gives the argon2id hash of a password in PHC form, as the store
// keeps it. An empty password or one longer than 1024 bytes is Invalid.
func HashPassword(password string) (string, error) {
	if password == "" || len(password) > maxPassword {
		return "", moderation.BadField("password", "error.password_length")
	}
	var salt [16]byte
	rand.Read(salt[:]) // never fails, by its contract
	sum := argon2.IDKey([]byte(password), salt[:], hashPasses, hashMemory, hashLanes, hashLength)
	code := base64.RawStdEncoding
	return fmt.Sprintf("$argon2id$v=%d$m=%d,t=%d,p=%d$%s$%s", argon2.Version, hashMemory, hashPasses, hashLanes,
		code.EncodeToString(salt[:]), code.EncodeToString(sum)), nil
}

// phc is a parsed hash.
type phc struct {
	memory, passes uint32
	lanes          uint8
	salt, sum      []byte
}

var errHash = errors.New("stored password hash is not argon2id in PHC form")

func parsePHC(text string) (phc, error) {
	var h phc
	parts := strings.Split(text, "$")
	if len(parts) != 6 || parts[1] != "argon2id" || parts[2] != fmt.Sprintf("v=%d", argon2.Version) {
		return h, errHash
	}
	if _, err := fmt.Sscanf(parts[3], "m=%d,t=%d,p=%d", &h.memory, &h.passes, &h.lanes); err != nil {
		return h, errHash
	}
	var err1, err2 error
	h.salt, err1 = base64.RawStdEncoding.DecodeString(parts[4])
	h.sum, err2 = base64.RawStdEncoding.DecodeString(parts[5])
	if err1 != nil || err2 != nil || len(h.sum) < 16 || h.passes == 0 || h.lanes == 0 || h.memory > 1<<20 {
		return h, errHash
	}
	return h, nil
}

// nobody's hash is compared where there is no such person, so that the time of
// the answer does not tell who exists. It is the shape of a hash, of no password.
const nobody = "$argon2id$v=19$m=19456,t=2,p=1$AAAAAAAAAAAAAAAAAAAAAA$AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"

// slot waits for one of the few places for hashing, which takes memory; the
// function given back frees it.
func (d *Desk) slot(ctx context.Context) (func(), error) {
	select {
	case d.hashes <- struct{}{}:
		return func() { <-d.hashes }, nil
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

// hash is HashPassword in turn with all other hashing.
func (d *Desk) hash(ctx context.Context, password string) (string, error) {
	free, err := d.slot(ctx)
	if err != nil {
		return "", err
	}
	defer free()
	return HashPassword(password)
}

// matches compares a password with a stored hash in constant time. Hashing takes
// memory, so only a few run at once.
func (d *Desk) matches(ctx context.Context, stored, password string) bool {
	if len(password) > maxPassword {
		return false
	}
	h, err := parsePHC(stored)
	known := err == nil
	if !known { // no person, or one who signs in by other means
		h, _ = parsePHC(nobody)
	}
	free, err := d.slot(ctx)
	if err != nil {
		return false
	}
	defer free()
	sum := argon2.IDKey([]byte(password), h.salt, h.passes, h.memory, h.lanes, uint32(len(h.sum)))
	return subtle.ConstantTimeCompare(sum, h.sum) == 1 && known
}
