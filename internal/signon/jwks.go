package signon

import (
	"context"
	"crypto/ed25519"
	"crypto/rsa"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math/big"
	"net/http"
	"sync"
	"time"
)

const (
	keepSet  = 10 * time.Minute // a fetched key set counts so long
	askAgain = 30 * time.Second // for a key that it did not have
	maxSet   = 256 << 10        // bytes
)

// keysError says that the keys could not be had; the token may well be good.
type keysError struct{ cause error }

func (e *keysError) Error() string { return "sign-on: fetch keys: " + e.cause.Error() }
func (e *keysError) Unwrap() error { return e.cause }

// keySets are fetched key sets by address.
type keySets struct {
	mu   sync.Mutex
	sets map[string]*keySet
}

// keySet is one address's keys. Its own lock makes a slow address delay nobody
// but those who need its keys.
type keySet struct {
	mu    sync.Mutex
	keys  map[string]any // by kid
	at    time.Time      // when they were fetched
	asked time.Time      // when that was last tried
	err   error          // of the last try
}

func (s *keySets) of(address string) *keySet {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.sets == nil {
		s.sets = map[string]*keySet{}
	}
	if s.sets[address] == nil {
		s.sets[address] = &keySet{}
	}
	return s.sets[address]
}

// key gives a key of the set at the address, fetching the set where it is old or
// lacks the key, but not again and again: whoever sends invented key ids, or a
// site that is down, must not cost a request each time.
func (s *keySets) key(ctx context.Context, client *http.Client, now time.Time, address, kid, alg string) (any, error) {
	set := s.of(address)
	set.mu.Lock()
	defer set.mu.Unlock()
	_, has := set.keys[kid]
	if (!has || now.Sub(set.at) > keepSet) && now.Sub(set.asked) > askAgain {
		// Who asks first may go away; the others still need the answer.
		keys, err := fetch(context.WithoutCancel(ctx), client, address)
		set.asked, set.err = now, err
		if err == nil {
			set.keys, set.at = keys, now
		}
	}
	key, has := set.keys[kid]
	if !has && set.err != nil {
		return nil, &keysError{set.err}
	}
	switch key.(type) {
	case ed25519.PublicKey:
		if alg == "EdDSA" {
			return key, nil
		}
	case *rsa.PublicKey:
		if alg == "RS256" {
			return key, nil
		}
	}
	return nil, errors.New("no such key for this signature")
}

func fetch(ctx context.Context, client *http.Client, address string) (map[string]any, error) {
	ctx, cancel := context.WithTimeout(ctx, 5*time.Second)
	defer cancel()
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, address, nil)
	if err != nil {
		return nil, err
	}
	res, err := client.Do(r)
	if err != nil {
		return nil, err
	}
	defer res.Body.Close()
	if res.StatusCode != http.StatusOK {
		return nil, fmt.Errorf("the answer is %s", res.Status)
	}
	body, err := io.ReadAll(io.LimitReader(res.Body, maxSet))
	if err != nil {
		return nil, err
	}
	return parseSet(body)
}

// parseSet reads the keys of a set (RFC 7517) that can check our signatures.
func parseSet(body []byte) (map[string]any, error) {
	var set struct {
		Keys []struct {
			Kty, Kid, Use, Crv, N, E, X string
		} `json:"keys"`
	}
	if err := json.Unmarshal(body, &set); err != nil {
		return nil, fmt.Errorf("read key set: %w", err)
	}
	keys := map[string]any{}
	bytesOf := func(s string) []byte {
		b, _ := base64.RawURLEncoding.DecodeString(s) // a broken one has the wrong length
		return b
	}
	for _, k := range set.Keys {
		switch {
		case k.Use != "" && k.Use != "sig":
		case k.Kty == "OKP" && k.Crv == "Ed25519":
			if x := bytesOf(k.X); len(x) == ed25519.PublicKeySize {
				keys[k.Kid] = ed25519.PublicKey(x)
			}
		case k.Kty == "RSA":
			n, e := new(big.Int).SetBytes(bytesOf(k.N)), new(big.Int).SetBytes(bytesOf(k.E))
			if n.BitLen() >= 2048 && e.IsInt64() && e.Int64() > 2 && e.Int64() < 1<<31 {
				keys[k.Kid] = &rsa.PublicKey{N: n, E: int(e.Int64())}
			}
		}
	}
	return keys, nil
}
