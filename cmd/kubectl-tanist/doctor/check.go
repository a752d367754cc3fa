package doctor

// check is one question about facts.
type check struct {
	// id names the check in JSON and is the heading of its section in docs/doctor.md. It is stable.
	id       string
	category string
	// passed says what holds if nothing is wrong.
	passed string
	// run is a pure function. It does not modify facts.
	run func(*facts) findings
}

// findings are what a check has found. Without any it has passed.
type findings struct {
	// skipped is why there is no answer, or only a part of one; empty if there is one.
	skipped  string
	problems []problem
}

// problem is one thing that is not as it should be.
type problem struct {
	// warns is true for what still works. Anything else fails the command.
	warns bool
	// about is the object, such as "Service shop/payments".
	about string
	what  string
	// remedy is one line: a command where there is one.
	remedy string
}

// fail adds a problem that fails the command.
func (f *findings) fail(about, what, remedy string) {
	f.problems = append(f.problems, problem{about: about, what: what, remedy: remedy})
}

// warn adds a problem that does not fail the command.
func (f *findings) warn(about, what, remedy string) {
	f.problems = append(f.problems, problem{warns: true, about: about, what: what, remedy: remedy})
}

// skip returns findings without an answer.
func skip(why string) findings { return findings{skipped: why} }

// The categories, in the order in which they are printed.
const (
	installation = "Installation"
	admission    = "Admission"
	rights       = "Rights"
	services     = "Services"
	pods         = "Pods"
)

// checks returns all checks, category by category.
func checks() []check {
	var all []check
	for _, some := range [][]check{
		installationChecks, tuningChecks, admissionChecks, admittingChecks, rightsChecks,
		namespaceChecks, optInChecks, leaderServiceChecks, madeChecks, writeChecks, endpointChecks, leftoverChecks, leaderChecks, followedChecks, watchedChecks,
		podChecks, rolloutChecks, spreadChecks,
	} {
		all = append(all, some...)
	}
	return all
}
