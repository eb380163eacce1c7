package moderation

// State is where a revision of a comment stands. Only an approved revision can
// become visible, and only through a publication that names its decision.
type State string

// The states of a revision.
const (
	None       State = ""           // before submission
	Pending    State = "pending"    // waits for an editor
	Escalated  State = "escalated"  // waits for another editor; reads as pending to its author
	Approved   State = "approved"   // released
	Rejected   State = "rejected"   // broke a rule, with a statement of reasons
	Returned   State = "returned"   // given back to the author with a hint
	Declined   State = "declined"   // not selected: capacity or closed thread, nobody is blamed
	Appealed   State = "appealed"   // its author objected; waits for a person who did not decide it
	Removed    State = "removed"    // taken down after release
	Withdrawn  State = "withdrawn"  // taken back by its author
	Superseded State = "superseded" // replaced by a newer revision
)

// States lists every state in the order of a comment's life.
var States = []State{None, Pending, Escalated, Approved, Rejected, Returned, Declined, Appealed, Removed, Withdrawn, Superseded}

// Open tells whether the revision still waits for a person of the desk.
func (s State) Open() bool { return s == Pending || s == Escalated || s == Appealed }

// Step is something a person (or, for two of them, the system) does to a revision.
type Step string

// The steps. Submit to Withdraw are rows of the table; the rest leave the state alone.
const (
	Submit     Step = "submit"
	Approve    Step = "approve"
	Reject     Step = "reject"
	Return     Step = "return"
	Decline    Step = "decline"
	Escalate   Step = "escalate"
	Edit       Step = "edit"
	Resubmit   Step = "resubmit"
	Appeal     Step = "appeal"
	Uphold     Step = "uphold"
	Overturn   Step = "overturn"
	Remove     Step = "remove"
	Restore    Step = "restore"
	Reconsider Step = "reconsider"
	Undo       Step = "undo"
	Withdraw   Step = "withdraw"
	Supersede  Step = "supersede" // a newer revision was published
	Pick       Step = "pick"      // an editors' pick: marks a released comment
	Unpick     Step = "unpick"
	Erase      Step = "erase" // words and salt emptied by retention or on request
)

// Steps lists every step in the order in which the golden table shows them.
var Steps = []Step{Submit, Approve, Reject, Return, Decline, Escalate, Edit, Resubmit, Appeal, Uphold, Overturn, Remove, Restore, Reconsider, Undo, Withdraw, Supersede, Pick, Unpick, Erase}

// Role is what a person may do at a site.
type Role string

// The roles. Author and System are not given to anyone: they follow from how
// the step came in.
const (
	Author  Role = "author"
	Editor  Role = "editor"
	Chief   Role = "chief"
	Admin   Role = "admin"
	Auditor Role = "auditor"
	System  Role = "system"
)

// Roles lists every role; the roles between Editor and Auditor can be given to staff.
var Roles = []Role{Author, Editor, Chief, Admin, Auditor, System}

// Decides tells whether the role decides comments.
func (r Role) Decides() bool { return r == Editor || r == Chief }

// Actor is who takes a step. ID is opaque: an editor's id, or an author's.
type Actor struct {
	ID   string
	Role Role
}
