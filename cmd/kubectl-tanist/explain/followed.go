package explain

import (
	"context"
	"fmt"

	corev1 "k8s.io/api/core/v1"

	"github.com/tanist-dev/tanist/cmd/kubectl-tanist/leases"
	"github.com/tanist-dev/tanist/cmd/kubectl-tanist/status"
	"github.com/tanist-dev/tanist/config"
	"github.com/tanist-dev/tanist/election"
	"github.com/tanist-dev/tanist/reconciler/lease"
)

// readLease reads the Lease that the Service follows.
func (r Reader) readLease(ctx context.Context, in *Input) (err error) {
	in.Leases, err = leases.Read(ctx, r.Client, []*corev1.Service{in.Service})
	return in.optional(err, "which pod holds the Lease that the Service follows is not known")
}

// follow makes the election follow the Lease. Of a Lease that is not known, nobody is known to be elected.
func (e *elected) follow(in Input) {
	if e.options.FollowLease == "" {
		return
	}
	e.rules.Following = &election.Following{}
	if followed := in.Leases.Of(in.Service); followed != nil {
		e.rules.Following = followed.Following(status.Selected(in.Service, in.Pods))
	}
}

// followsText says which Lease a Service follows, and who holds it; empty if it follows none.
func (e *elected) followsText(in Input) string {
	name, followed := e.options.FollowLease, in.Leases.Of(in.Service)
	switch {
	case name == "":
		return ""
	case followed == nil:
		return "Lease " + name
	case followed.Lease == nil:
		return "Lease " + name + ", which does not exist"
	case lease.Holder(followed.Lease) == "":
		return "Lease " + name + ", which nobody holds"
	}
	text := fmt.Sprintf("Lease %s, held by %s", name, lease.Holder(followed.Lease))
	if renewed := followed.Lease.Spec.RenewTime; renewed != nil {
		text += ", renewed at " + timestamp(renewed.Time)
	}
	return text
}

// whyNoMove says why nobody takes over from a leader that could stay; empty if somebody may.
func (e *elected) whyNoMove() string {
	switch {
	case e.options.FollowLease != "":
		return "the application elects the leader in Lease " + e.options.FollowLease + " (" + config.FollowLeaseKey + ")"
	case e.rules.Paused:
		return pausedText
	}
	return ""
}
