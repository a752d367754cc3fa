package explain

import (
	"cmp"
	"fmt"
	"strings"
	"time"

	"k8s.io/apimachinery/pkg/util/duration"

	"github.com/tanist-dev/tanist/cmd/kubectl-tanist/status"
	"github.com/tanist-dev/tanist/cmd/kubectl-tanist/terminal"
	"github.com/tanist-dev/tanist/election"
)

// Words that are coloured on a terminal: before what keeps a pod from leading or places it after others, and before the warnings.
const (
	cannotLead = "cannot lead:"
	comesLater = "comes later:"
	warned     = "Warnings:"
)

// colours are those of these words on a terminal.
var colours = map[string]terminal.Colour{cannotLead: terminal.Red, comesLater: terminal.Yellow, warned: terminal.Yellow}

// text returns an explanation for people to read.
func text(x *Explanation, now time.Time) string {
	l := x.Status
	var out strings.Builder
	if x.Problem != nil {
		for _, warning := range l.Warnings {
			if isProblem(warning) {
				fmt.Fprintf(&out, "%s/%s: %s: %s\n", l.Namespace, l.Service, warning.Phrase, warning.Detail)
			}
		}
		if l.LeaderService == "" {
			return out.String()
		}
	}
	line := func(key, value string) { fmt.Fprintf(&out, "%-16s%s\n", key, value) }
	lines := func(key string, values []string) {
		for _, value := range values {
			line(key, value)
			key = ""
		}
	}
	line("Service:", l.Namespace+"/"+l.Service)
	line("Leader Service:", cmp.Or(l.LeaderService, "none"))
	line("Leader:", leaderText(l, now))
	if l.Reason != "" {
		line("Reason:", strings.TrimSuffix(l.Reason+": "+x.ReasonText, ": "))
	}
	lines("Watched:", x.Watched)
	lines("Asks for:", l.Options.Wishes())
	if x.Follows != "" {
		line("Follows:", x.Follows)
	}
	if x.HeldBack != nil {
		line("Held back:", fmt.Sprintf("%s leads when the pause ends (%s)", x.HeldBack.To, x.HeldBack.Reason))
	}
	if x.Move != nil {
		line("Next:", MoveText(x.Move, now))
	}
	var warnings []string
	for _, warning := range l.Warnings {
		warnings = append(warnings, warning.Phrase+": "+warning.Detail)
	}
	lines(warned, warnings)
	if len(x.Pods) > 0 {
		fmt.Fprint(&out, "\nPods, in the order of succession:\n")
		for i := range x.Pods {
			podText(&out, &x.Pods[i], ahead(x.Pods, i))
		}
	}
	return out.String()
}

func leaderText(l status.Leader, now time.Time) string {
	leader := "none"
	if l.Leader != nil {
		leader = l.Leader.Name
		if l.Leader.Node != "" {
			leader += " on node " + l.Leader.Node
		}
		if state := l.Leader.State; state != "" && state != status.PodReady {
			leader += " (" + string(state) + ")"
		}
	}
	if l.Since != nil {
		leader += fmt.Sprintf(", since %s (%s ago)", timestamp(*l.Since), duration.HumanDuration(now.Sub(*l.Since)))
	}
	if l.Term > 0 {
		leader += fmt.Sprintf(", term %d", l.Term)
	}
	return leader
}

// MoveText says which change of leader is due.
func MoveText(m *Move, now time.Time) string {
	who := cmp.Or(m.To, "nobody")
	if m.At == nil {
		return fmt.Sprintf("%s leads as soon as Tanist acts (%s)", who, m.Reason)
	}
	return fmt.Sprintf("%s leads in %s if nothing else changes (%s)", who, duration.HumanDuration(m.At.Sub(now)), m.Reason)
}

// ahead says what places the successor before the pod after it. It is empty for any other pod.
func ahead(pods []Pod, at int) string {
	if pods[at].Role != election.RoleSuccessor || at+1 == len(pods) || pods[at+1].Behind == nil {
		return ""
	}
	return fmt.Sprintf("%s: it comes before %s", pods[at+1].Behind.Criterion, pods[at+1].Name)
}

// podText appends what there is to say of a pod.
func podText(out *strings.Builder, p *Pod, ahead string) {
	fmt.Fprintf(out, "- %s: %s, priority %d", p.Name, RoleText(p), p.Priority)
	if p.Node != "" {
		fmt.Fprintf(out, ", on node %s", p.Node)
	}
	fmt.Fprintln(out)
	line := func(key, value string) { fmt.Fprintf(out, "    %-14s%s\n", key, value) }
	for _, obstacle := range p.Obstacles {
		switch {
		case p.Role == election.RoleLeader:
			line("but:", obstacle.Message)
		case obstacle.Obstacle.Excludes():
			line(cannotLead, obstacle.Message)
		default:
			line(comesLater, obstacle.Message)
		}
	}
	if ahead != "" {
		line("placed by:", ahead)
	}
	if p.Behind != nil {
		line("placed by:", string(p.Behind.Criterion)+": "+p.Behind.Message)
	}
	for _, what := range p.ToLead {
		line("to lead:", what)
	}
	if p.NoDrainWindow != "" {
		line("drain window:", "none: "+p.NoDrainWindow)
	}
}

// RoleText says where a pod stands.
func RoleText(p *Pod) string {
	switch {
	case p.Leads && p.Role == election.RoleLeader:
		return "leads"
	case p.Leads:
		return "leads, and gives way"
	case p.Role == election.RoleLeader:
		return "takes over"
	case p.Role == election.RoleSuccessor:
		return "successor"
	case p.Role == election.RoleCandidate:
		return "candidate"
	default:
		return "no candidate"
	}
}
