package doctor

import (
	"slices"

	"github.com/tanist-dev/tanist/cmd/kubectl-tanist/status"
)

// applying returns checks that are skipped, with the reason, where there is nothing that they could look at. What does not exist does not pass. A
// problem that a check finds all the same counts.
func applying(all []check, missing func(*facts) string) []check {
	for i := range all {
		run := all[i].run
		all[i].run = func(f *facts) findings {
			found := run(f)
			if why := missing(f); why != "" && f.services.unread == "" && len(found.problems) == 0 {
				return skip(why)
			}
			return found
		}
	}
	return all
}

// nobodyAsks returns why checks of Services that ask for a leader do not apply; empty if there is one.
func nobodyAsks(f *facts) string {
	switch {
	case len(f.leaders) > 0:
		return ""
	case f.checked == "":
		return "no Service asks for a leader"
	}
	return "no Service in namespace " + f.checked + " asks for a leader; -A checks all"
}

// nobodyServed returns why checks of candidates do not apply; empty if Tanist serves a Service.
func nobodyServed(f *facts) string {
	if why := nobodyAsks(f); why != "" {
		return why
	}
	if len(f.served()) == 0 {
		return "no Service that asks for a leader has opted in with its namespace"
	}
	return ""
}

// nobodyLed returns why checks of leader Services do not apply; empty if there is one.
func nobodyLed(f *facts) string {
	if why := nobodyAsks(f); why != "" {
		return why
	}
	if !slices.ContainsFunc(f.leaders, func(l leader) bool {
		return status.LeaderServiceOf(l.source, l.options.LeaderService, f.services.value) != nil
	}) {
		return "there is no leader Service"
	}
	return ""
}

// nobodyFollows returns why the check of followed Leases does not apply; empty if a Service follows one.
func nobodyFollows(f *facts) string {
	if why := nobodyAsks(f); why != "" {
		return why
	}
	if !f.anyFollows("") {
		return "no Service follows a Lease"
	}
	return ""
}
