// Package mail writes and sends what authors and reporters are told by mail:
// that a comment came in, what was decided and why, that an answer appeared; and
// brings people of the desk the links by which they set their passwords.
//
// Compose makes a Message of a Letter, in plain text and in HTML, in the
// author's language. A Sender brings it on its way: SMTP by a mail server,
// Catcher by keeping it in memory, for the demo and for tests. The same letter
// always has the same Message-ID, so that one that was sent twice, because the
// first answer was lost, shows once.
package mail
