package handover

import (
	"context"
	"fmt"
	"io"
	"sync"

	"golang.org/x/sync/errgroup"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/util/sets"
	"k8s.io/cli-runtime/pkg/genericiooptions"
	"k8s.io/cli-runtime/pkg/printers"
	"k8s.io/client-go/kubernetes"
)

// runNode moves all leaders off a node. It returns an error, so that the exit code is 1, if a leader is still there.
func (o *options) runNode(ctx context.Context, client kubernetes.Interface, streams genericiooptions.IOStreams) error {
	if err := o.lookAtNode(ctx, client, streams); err != nil {
		return err
	}
	leaders, err := o.readLed(ctx, client)
	if err != nil {
		return err
	}
	if len(leaders) == 0 {
		fmt.Fprintf(streams.Out, "No leader is on node %s.\n", o.node)
		return nil
	}
	rows, err := o.plan(ctx, client, leaders)
	if err != nil {
		return err
	}
	printNotes(streams.ErrOut, rows)
	failed, unrestored := o.handOver(ctx, client, rows, newTable(streams.Out, rows))
	switch {
	case o.dryRun && failed > 0:
		return fmt.Errorf("%d of %d leaders could not be moved off node %s", failed, len(rows), o.node)
	case o.dryRun:
		return nil
	case ctx.Err() != nil:
		return fmt.Errorf("interrupted: %w", context.Cause(ctx))
	}
	// What counts is who leads now. A leader may have come to the node meanwhile, or left it by itself.
	left, err := o.readLed(ctx, client)
	if err != nil {
		return err
	}
	if len(left) > 0 {
		return fmt.Errorf("leaders are still on node %s: %d", o.node, len(left))
	}
	fmt.Fprintf(streams.Out, "No leader is left on node %s.\n", o.node)
	if unrestored > 0 {
		return fmt.Errorf("annotations that the hand-over has changed could not be restored: %d Services", unrestored)
	}
	return nil
}

// printNotes prints what was not read, each thing once: another pod than Tanist would choose may follow then.
func printNotes(out io.Writer, rows []row) {
	printed := sets.New[string]()
	for _, r := range rows {
		for _, note := range r.notes {
			if !printed.Has(note) {
				fmt.Fprintln(out, "Note:", printers.EscapeTerminal(note))
				printed.Insert(note)
			}
		}
	}
}

// lookAtNode returns an error if the node does not exist, and warns if it is not cordoned.
func (o *options) lookAtNode(ctx context.Context, client kubernetes.Interface, streams genericiooptions.IOStreams) error {
	node, err := client.CoreV1().Nodes().Get(ctx, o.node, metav1.GetOptions{})
	switch {
	case apierrors.IsForbidden(err): // whether it is cordoned is not known then
	case err != nil:
		return fmt.Errorf("failed to get node: %w", err)
	case !node.Spec.Unschedulable:
		fmt.Fprintf(streams.ErrOut, "Note: node %s is not cordoned, so pods and leaders may come back: kubectl cordon %s\n", o.node, o.node)
	}
	return nil
}

// handOver makes the hand-overs, so many at a time, and prints each row as soon as it is known. It returns how many failed,
// and of how many Services the annotation could not be restored after the move.
func (o *options) handOver(ctx context.Context, client kubernetes.Interface, rows []row, table *table) (failed, unrestored int) {
	var mu sync.Mutex
	var group errgroup.Group
	group.SetLimit(o.parallel)
	for _, r := range rows {
		group.Go(func() error {
			if !r.failed && !r.gone {
				o.handOverOne(ctx, client, &r)
			}
			mu.Lock()
			defer mu.Unlock()
			table.print(&r)
			if r.failed {
				failed++
			}
			if r.unrestored {
				unrestored++
			}
			return nil
		})
	}
	_ = group.Wait() // none returns an error: one that fails must not keep the others from being made
	return failed, unrestored
}

// handOverOne makes one hand-over, or checks it.
func (o *options) handOverOne(ctx context.Context, client kubernetes.Interface, r *row) {
	if ctx.Err() != nil {
		r.fail("not tried: interrupted")
		return
	}
	m := &mover{options: *o, client: client}
	m.namespace, m.service, m.to = r.namespace, r.service, r.to
	s, checks, err := m.examine(ctx)
	if err == nil {
		err = problemsOf(checks)
	}
	var down error
	if err == nil {
		down = m.tanistDown(ctx, s)
	}
	switch {
	case err != nil:
		r.fail(oneLine(err))
	case s.leadership.Leader.Node != o.node:
		r.result = "it has left the node by itself: " + s.leadership.Leader.Name + " leads"
	case down != nil:
		r.fail(oneLine(down))
	case o.dryRun:
		if err := m.prefer(ctx, s.source, m.to); err != nil {
			r.fail(oneLine(err))
			return
		}
		r.result = "can be moved"
	default:
		moved, err := m.move(ctx, s)
		if moved.leadership.Leader == nil {
			r.fail(oneLine(err))
			return
		}
		r.result = fmt.Sprintf("moved in %s, term %d", moved.took, moved.leadership.Term)
		if err != nil {
			r.fail(r.result + "; " + oneLine(err))
			r.unrestored = true
		}
	}
	if !r.failed && !s.options.Sticky {
		r.result += "; the Service is not sticky, so a better pod takes over from it"
	}
}
