package handover

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"k8s.io/cli-runtime/pkg/genericiooptions"
	"k8s.io/cli-runtime/pkg/printers"
	"k8s.io/client-go/kubernetes"

	"github.com/tanist-dev/tanist/cmd/kubectl-tanist/explain"
	"github.com/tanist-dev/tanist/cmd/kubectl-tanist/installation"
	"github.com/tanist-dev/tanist/cmd/kubectl-tanist/status"
	"github.com/tanist-dev/tanist/cmd/kubectl-tanist/terminal"
	"github.com/tanist-dev/tanist/config"
)

// runSingle hands one Service over.
func (o *options) runSingle(ctx context.Context, client kubernetes.Interface, streams genericiooptions.IOStreams) error {
	m := &mover{options: *o, client: client}
	s, checks, err := m.examine(ctx)
	if err != nil {
		return err
	}
	problems := problemsOf(checks)
	switch {
	case problems != nil && o.dryRun:
		return m.printChecks(s, checks, streams)
	case problems != nil:
		return problems
	case m.leadsAlready(s):
		fmt.Fprintf(streams.Out, "%s: %s leads already, term %d\n", m.service, m.to, s.leadership.Term)
		if m.keep {
			return m.prefer(ctx, s.source, m.to)
		}
		return nil
	}
	if !s.options.Sticky && !m.keep {
		fmt.Fprintf(streams.ErrOut, "Warning: the Service is not sticky: a better pod takes over as soon as %s is no longer preferred\n", m.to)
	}
	if o.dryRun {
		rules, err := m.checkRules(ctx)
		if err != nil {
			return err
		}
		return m.printChecks(s, append(checks, rules, m.checkTanist(ctx, s), m.checkWatch(ctx, s), m.checkWrite(ctx, s)), streams)
	}
	if err := m.tanistDown(ctx, s); err != nil {
		return err
	}
	moved, err := m.move(ctx, s)
	if moved.leadership.Leader != nil {
		fmt.Fprintf(streams.Out, "%s: from %s to %s, term %d, after %s\n", m.service, s.leadership.Leader.Name, m.to, moved.leadership.Term, moved.took)
	}
	return err
}

// checkRules applies Tanist's own rules to what the user may read.
func (m *mover) checkRules(ctx context.Context) (check, error) {
	c := check{what: "by Tanist's rules, " + m.to + " takes over when it is preferred"}
	inputs, err := explain.Reader{Client: m.client, Namespace: m.namespace, TanistNamespace: m.tanistNamespace}.Read(ctx, m.service)
	if err != nil {
		return c, err
	}
	verdict, err := explain.IfPreferred(inputs[0], m.to, time.Now())
	switch {
	case err != nil:
		return c, err
	case !verdict.Known:
		c.unknown = "you may not read pods"
	case verdict.WhyNot != "":
		c.problem = fmt.Errorf("by Tanist's rules, %s does not take over: %s", m.to, verdict.WhyNot)
	default:
		c.unknown = strings.Join(inputs[0].Notes, "; ") // the rules may say otherwise
	}
	return c, nil
}

// checkTanist checks that a replica of Tanist is there that makes voluntary moves.
func (m *mover) checkTanist(ctx context.Context, s *snapshot) check {
	c := check{what: "a replica of Tanist holds the Lease, and so makes the move"}
	warning, known := installation.Reader{Client: m.client, Namespace: m.servedFrom(s)}.Running(ctx)
	switch {
	case !known:
		c.unknown = "you may not read Leases of namespace " + m.servedFrom(s)
	case warning != nil:
		c.problem = fmt.Errorf("%s: %s", warning.Phrase, warning.Detail)
	}
	return c
}

// tanistDown returns an error if no replica of Tanist is there that could make a move soon. It returns nil if the user may not read the Lease, and if
// a replica that has just started will take it.
func (m *mover) tanistDown(ctx context.Context, s *snapshot) error {
	warning, _ := installation.Reader{Client: m.client, Namespace: m.servedFrom(s)}.Running(ctx)
	if warning == nil || warning.Phrase != status.TanistNotRunning {
		return nil
	}
	return fmt.Errorf("%s: %s", warning.Phrase, warning.Detail)
}

// servedFrom returns the namespace of the Tanist that makes the move: the leader Service names it. Whoever has it elsewhere than in tanist-system need not
// say so.
func (m *mover) servedFrom(s *snapshot) string {
	return cmp.Or(s.leaderService.Annotations[config.InstallationKey], m.tanistNamespace)
}

// checkWatch opens the watch that tells when the pod leads.
func (m *mover) checkWatch(ctx context.Context, s *snapshot) check {
	return check{what: "you may watch EndpointSlices, to see when it leads", problem: m.mayWatch(ctx, s)}
}

// checkWrite makes the write as a dry run: rights, admission and policies decide on it as on the real one.
func (m *mover) checkWrite(ctx context.Context, s *snapshot) check {
	return check{what: "the API server accepts the annotation from you", problem: m.prefer(ctx, s.source, m.to)}
}

// printChecks prints what a dry run has found. It returns an error if a check failed, so that the exit code is 1.
func (m *mover) printChecks(s *snapshot, checks []check, streams genericiooptions.IOStreams) error {
	fails := failed(checks)
	if fails {
		fmt.Fprintf(streams.Out, "%s: no hand-over (dry run)\n", m.service)
	} else {
		fmt.Fprintf(streams.Out, "%s: %s would lead after %s (dry run)\n", m.service, m.to, s.leadership.Leader.Name)
	}
	p := terminal.PaletteOf(streams.Out)
	for _, c := range checks {
		switch {
		case c.problem != nil:
			fmt.Fprintf(streams.Out, "%s %s\n", terminal.Failed.Text(p), printers.EscapeTerminal(c.problem.Error()))
		case c.unknown != "":
			fmt.Fprintf(streams.Out, "%s %s (not checked: %s)\n", terminal.Skipped.Text(p), c.what, c.unknown)
		default:
			fmt.Fprintf(streams.Out, "%s %s\n", terminal.Passed.Text(p), c.what)
		}
	}
	if fails {
		return errors.New("the hand-over would fail")
	}
	return nil
}
