package handover

import (
	"context"
	"fmt"
	"slices"
	"time"

	"k8s.io/client-go/kubernetes"

	"github.com/tanist-dev/tanist/cmd/kubectl-tanist/explain"
)

// row is one hand-over off the node, as the table shows it.
type row struct {
	leaderOn
	// to is the pod that should lead; empty if none can.
	to string
	// result says how it ended, or why it cannot be made. failed is true if the leader is still where it was, as far as is known.
	result string
	failed bool
	// unrestored is true if an annotation could not be restored after the move.
	unrestored bool
	// notes say what was not read, and was assumed.
	notes []string
	// gone is true if there is nothing to move any more.
	gone bool
}

// fail marks a row as failed.
func (r *row) fail(why string) { r.result, r.failed = why, true }

// plan chooses a pod on another node for each leader, by Tanist's own rules. If the user may not read pods, the successor is chosen, which is on
// another node if possible.
func (o *options) plan(ctx context.Context, client kubernetes.Interface, leaders []leaderOn) ([]row, error) {
	var rows []row
	for len(leaders) > 0 { // sorted by namespace
		namespace := leaders[0].namespace
		end := slices.IndexFunc(leaders, func(l leaderOn) bool { return l.namespace != namespace })
		if end < 0 {
			end = len(leaders)
		}
		planned, err := o.planNamespace(ctx, client, leaders[:end])
		if err != nil {
			return nil, err
		}
		rows = append(rows, planned...)
		leaders = leaders[end:]
	}
	return rows, nil
}

// planNamespace plans for the leaders of one namespace, which is read once.
func (o *options) planNamespace(ctx context.Context, client kubernetes.Interface, leaders []leaderOn) ([]row, error) {
	names := make([]string, 0, len(leaders))
	for _, l := range leaders {
		names = append(names, l.service)
	}
	inputs, err := explain.Reader{Client: client, Namespace: leaders[0].namespace, TanistNamespace: o.tanistNamespace}.ReadExisting(ctx, names...)
	if err != nil {
		return nil, fmt.Errorf("failed to plan for namespace %s: %w", leaders[0].namespace, err)
	}
	rows := make([]row, 0, len(leaders))
	for i, l := range leaders {
		r := row{leaderOn: l, notes: inputs[i].Notes}
		if inputs[i].Service == nil {
			r.result = "its Service is gone"
			r.gone = true
			rows = append(rows, r)
			continue
		}
		verdict, err := explain.OffNode(inputs[i], o.node, time.Now())
		switch {
		case err != nil:
			return nil, err
		case verdict.Known && verdict.WhyNot != "":
			r.fail(verdict.WhyNot)
		case verdict.Known:
			r.to = verdict.Pod
		case l.successor == "":
			r.fail("nobody can follow")
		default:
			r.to = l.successor
		}
		rows = append(rows, r)
	}
	return rows, nil
}
