package desk

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"errors"
	"net/http"
	"net/url"
	"strings"

	"github.com/freigabe/freigabe/internal/moderation"
	"github.com/freigabe/freigabe/internal/store"
	"github.com/freigabe/freigabe/internal/web"
	"github.com/go-webauthn/webauthn/protocol"
	"github.com/go-webauthn/webauthn/webauthn"
)

// errPasskey is every passkey that does not hold, with one answer for every cause.
var errPasskey = &moderation.Error{Kind: moderation.Forbidden, Key: "error.passkey"}

// relying is this installation as authenticators know it: by the host of its
// address. A number is no name, so there are no passkeys at http://127.0.0.1.
func (d *Desk) relying(r *http.Request) (*webauthn.WebAuthn, error) {
	address := d.address(r)
	u, err := url.Parse(address)
	if err != nil {
		return nil, err
	}
	if err := protocol.ValidateRPID(u.Hostname()); err != nil {
		return nil, moderation.BadField("", "error.passkey_host")
	}
	return webauthn.New(&webauthn.Config{RPID: u.Hostname(), RPDisplayName: "Freigabe", RPOrigins: []string{u.Scheme + "://" + u.Host}})
}

// holder is a person as the library for passkeys sees one.
type holder struct {
	store.Editor
	keys []store.Passkey
}

func (h holder) WebAuthnID() []byte          { return []byte(h.ID) }
func (h holder) WebAuthnName() string        { return h.Email }
func (h holder) WebAuthnDisplayName() string { return h.Name }

// WebAuthnCredentials lists the person's credentials, but for those under suspicion.
func (h holder) WebAuthnCredentials() []webauthn.Credential {
	var out []webauthn.Credential
	for _, k := range h.keys {
		var c webauthn.Credential
		if json.Unmarshal(k.Credential, &c) == nil && k.Warned.IsZero() {
			out = append(out, c)
		}
	}
	return out
}

func (d *Desk) holder(ctx context.Context, e store.Editor) (holder, error) {
	keys, err := d.store.Passkeys(ctx, e.ID)
	return holder{e, keys}, err
}

func credentialID(id []byte) string { return base64.RawURLEncoding.EncodeToString(id) }

// passkeyOptions answers what a browser needs to make a passkey: one that the
// authenticator finds by itself where it can, always with the person verified.
func (d *Desk) passkeyOptions(w http.ResponseWriter, r *http.Request) error {
	rp, err := d.relying(r)
	if err != nil {
		return err
	}
	h, err := d.holder(r.Context(), web.WhoOf(r).Editor)
	if err != nil {
		return err
	}
	options, session, err := rp.BeginRegistration(h,
		webauthn.WithAuthenticatorSelection(protocol.AuthenticatorSelection{ResidentKey: protocol.ResidentKeyRequirementPreferred, UserVerification: protocol.VerificationRequired}),
		webauthn.WithExclusions(webauthn.Credentials(h.WebAuthnCredentials()).CredentialDescriptors()))
	if err != nil {
		return err
	}
	return d.challenge(w, r, "passkey", session, options)
}

// challenge keeps a ceremony for this browser and answers its options.
func (d *Desk) challenge(w http.ResponseWriter, r *http.Request, kind string, session *webauthn.SessionData, options any) error {
	if err := d.begin(w, r, kind, session); err != nil {
		return err
	}
	w.Header().Set("Cache-Control", "no-store")
	return web.JSON(w, http.StatusOK, options)
}

// addPasskey takes in a new passkey under the name that the person gave it.
func (d *Desk) addPasskey(w http.ResponseWriter, r *http.Request) error {
	rp, err := d.relying(r)
	if err != nil {
		return err
	}
	me := web.WhoOf(r).Editor
	name := strings.TrimSpace(r.URL.Query().Get("name"))
	if name, err = moderation.CleanText("name", or(name, "Passkey"), 60); err != nil {
		return err
	}
	var session webauthn.SessionData
	if err := d.end(w, r, "passkey", &session); err != nil {
		return err
	}
	h, err := d.holder(r.Context(), me)
	if err != nil {
		return err
	}
	c, err := rp.FinishRegistration(h, session, r)
	if err != nil {
		return d.badPasskey(err)
	}
	text, err := json.Marshal(c)
	if err != nil {
		return err
	}
	if err := d.store.AddPasskey(r.Context(), store.Passkey{ID: credentialID(c.ID), Editor: me.ID, Name: name, Credential: text}); err != nil {
		return err
	}
	return web.JSON(w, http.StatusOK, map[string]string{"next": "/desk/account?saved"})
}

// badPasskey gives the one answer, and keeps the cause for the log.
func (d *Desk) badPasskey(err error) error {
	d.srv.Log.Info("passkey refused", "cause", err)
	return errPasskey
}

// changePasskeys removes a passkey, or switches the password off or on.
func (d *Desk) changePasskeys(w http.ResponseWriter, r *http.Request) error {
	if err := web.ReadForm(r); err != nil {
		return err
	}
	me := web.WhoOf(r).Editor.ID
	var err error
	switch do := r.PostFormValue("do"); do {
	case "remove":
		err = d.store.DropPasskey(r.Context(), me, r.PostFormValue("passkey"))
	case "off", "on":
		err = d.store.SetPasswordOff(r.Context(), me, do == "off")
	default:
		err = moderation.BadField("do", "error.form")
	}
	if err != nil {
		return err
	}
	http.Redirect(w, r, "/desk/account?saved", http.StatusSeeOther)
	return nil
}

// loginOptions answers what a browser needs to sign in by passkey: without an
// address any passkey that the authenticator finds; with one, the passkeys of that
// person. An unknown person gets an invented passkey, the same each time, so that
// the answer does not tell who exists.
func (d *Desk) loginOptions(w http.ResponseWriter, r *http.Request) error {
	var in struct {
		Email string `json:"email"`
	}
	if err := readAsk(r, &in); err != nil {
		return err
	}
	email := strings.ToLower(strings.TrimSpace(in.Email))
	if err := d.limitSignIn(r, email); err != nil {
		return err
	}
	rp, err := d.relying(r)
	if err != nil {
		return err
	}
	verified := webauthn.WithUserVerification(protocol.VerificationRequired)
	if email == "" {
		options, session, err := rp.BeginDiscoverableLogin(verified)
		if err != nil {
			return err
		}
		return d.challenge(w, r, "passkey login", session, options)
	}
	h, err := d.claimed(r.Context(), email)
	if err != nil {
		return err
	}
	options, session, err := rp.BeginLogin(h, verified)
	if err != nil {
		return err
	}
	return d.challenge(w, r, "passkey login", session, options)
}

// claimed is the person of an address with their passkeys, or an invented one.
func (d *Desk) claimed(ctx context.Context, email string) (holder, error) {
	e, err := d.byEmail(ctx, email)
	if err != nil {
		return holder{}, err
	}
	h, err := d.holder(ctx, e)
	if err != nil || len(h.WebAuthnCredentials()) > 0 && !e.Disabled {
		return h, err
	}
	secret, err := d.store.Derive(ctx, "passkeys of nobody")
	if err != nil {
		return h, err
	}
	sum := hmac.New(sha256.New, secret)
	sum.Write([]byte(email))
	id := sum.Sum(nil)
	credential, err := json.Marshal(webauthn.Credential{ID: id, PublicKey: id})
	return holder{store.Editor{ID: credentialID(id)[:20], Email: email}, []store.Passkey{{Credential: credential}}}, err
}

// loginPasskey signs a person in by passkey.
func (d *Desk) loginPasskey(w http.ResponseWriter, r *http.Request) error {
	rp, err := d.relying(r)
	if err != nil {
		return err
	}
	if err := d.limitSignIn(r, ""); err != nil {
		return err
	}
	var session webauthn.SessionData
	if err := d.end(w, r, "passkey login", &session); err != nil {
		return err
	}
	answer, err := protocol.ParseCredentialRequestResponse(r)
	if err != nil {
		return d.badPasskey(err)
	}
	h, c, err := d.verified(r.Context(), rp, session, answer)
	if err != nil {
		return err
	}
	token, err := d.byPasskey(r, h, c)
	if err != nil {
		return err
	}
	web.SetSession(w, r, token)
	w.Header().Set("Cache-Control", "no-store")
	return web.JSON(w, http.StatusOK, map[string]string{"next": inside(r.URL.Query().Get("next"))})
}

// verified checks an authenticator's answer and gives the person and the credential.
func (d *Desk) verified(ctx context.Context, rp *webauthn.WebAuthn, session webauthn.SessionData, answer *protocol.ParsedCredentialAssertionData) (holder, *webauthn.Credential, error) {
	var h holder
	var failed error
	find := func(_, id []byte) (webauthn.User, error) {
		e, err := d.store.Editor(ctx, string(id))
		if err == nil && (e.Disabled || e.ID != string(id)) {
			err = errPasskey
		}
		if err == nil {
			h, err = d.holder(ctx, e)
		}
		if moderation.KindOf(err) == 0 {
			failed = err // the database is away: no word about the passkey
		}
		return h, err
	}
	var c *webauthn.Credential
	var err error
	if len(session.UserID) == 0 {
		c, err = rp.ValidateDiscoverableLogin(find, session, answer)
	} else if _, err = find(nil, session.UserID); err == nil {
		c, err = rp.ValidateLogin(h, session, answer)
	}
	if failed != nil {
		return h, nil, failed
	}
	if err != nil {
		return h, nil, d.badPasskey(err)
	}
	return h, c, nil
}

// byPasskey starts the session. A counter that went back says that two
// authenticators hold the same secret: the passkey is marked and lets nobody in
// until its person has removed it.
func (d *Desk) byPasskey(r *http.Request, h holder, c *webauthn.Credential) (string, error) {
	text, err := json.Marshal(c)
	if err != nil {
		return "", err
	}
	cloned := c.Authenticator.CloneWarning
	err = d.store.UsedPasskey(r.Context(), store.Passkey{ID: credentialID(c.ID), Credential: text}, cloned)
	if err != nil {
		return "", err
	}
	if cloned {
		entry := store.SignInEntry{Editor: h.ID, Means: store.ByPasskey, Outcome: store.Warned, Agent: agent(r)}
		return "", errors.Join(d.store.NoteSignIn(r.Context(), entry), &moderation.Error{Kind: moderation.Forbidden, Key: "error.passkey_cloned"})
	}
	return d.store.SignInBy(r.Context(), store.ByPasskey, h.ID, agent(r))
}
