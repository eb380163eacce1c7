// Package signon checks the tokens with which a publisher's own site vouches for
// its readers: signed JSON web tokens (RFC 7519), by a shared secret (HS256), a
// public key (RS256, EdDSA), or the keys at an address (JWKS).
//
// The kind of signature is bound to the kind of key, so a token cannot pass a
// public key off as a shared secret. A token without an end, or that has ended,
// is refused. The claims are the standard ones (sub, name or preferred_username,
// email, email_verified) or those of Coral (user.id, user.username, user.email).
package signon
