//go:build integration

package integration_test

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/spf13/cobra"
	corev1 "k8s.io/api/core/v1"
	rbacv1 "k8s.io/api/rbac/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/cli-runtime/pkg/genericiooptions"

	"github.com/tanist-dev/tanist/cmd/kubectl-tanist/completion"
	"github.com/tanist-dev/tanist/cmd/kubectl-tanist/explain"
	"github.com/tanist-dev/tanist/config"
)

func newExplain(k kubectl, streams genericiooptions.IOStreams) *cobra.Command {
	return explain.NewCommand(k, streams)
}

// newRoot has explain as the program does, with completion.
func newRoot(k kubectl, streams genericiooptions.IOStreams) *cobra.Command {
	root := &cobra.Command{Use: "kubectl-tanist"}
	root.SetOut(streams.Out)
	root.SetErr(streams.ErrOut)
	root.AddCommand(newExplain(k, streams))
	completion.Add(root, k)
	return root
}

// explains returns what explain says of Service web, and the notes that it prints.
func (k kubectl) explains(t *testing.T, installation *tanist) (x explain.Explanation, notes string) {
	t.Helper()
	out, stderr, err := k.run(t, newExplain, "web", "-o", "json", "--tanist-namespace", installation.namespace)
	if err != nil {
		t.Fatalf("explain failed: %v\n%s", err, stderr)
	}
	if err := json.Unmarshal([]byte(out), &x); err != nil {
		t.Fatalf("explain printed what is no explanation: %v\n%s", err, out)
	}
	return x, strings.Join(x.Notes, "\n")
}

// standings are the pods of an explanation in a short form.
func standings(x explain.Explanation) []string {
	var all []string
	for _, p := range x.Pods {
		text := p.Name + " " + string(p.Role)
		for _, obstacle := range p.Obstacles {
			text += " " + string(obstacle.Obstacle)
		}
		all = append(all, text)
	}
	return all
}

func TestExplainSaysWhereEachPodStands(t *testing.T) {
	installation := newTanist(t)
	replica := installation.startElected()
	s, _ := pair(t)
	goingNode := s.withNode("c")
	s.withReadyPod("web", "c", onNode(goingNode))
	s.cordon(goingNode)
	s.withPod("web", "d")
	s.withReadyPod("web", "e", func(pod *corev1.Pod) {
		pod.Spec.Containers[0].Ports[0].Name, pod.Spec.Containers[0].ReadinessProbe = "other", nil
	})
	s.follows("web-leader", "a", "b")

	admin := kubectl{namespace: s.namespace}
	x, _ := admin.explains(t, installation)
	want := []string{"a Leader", "b Successor", "c Candidate Announced", "d Excluded NotReady", "e Excluded Unfit"}
	if diff := cmp.Diff(want, standings(x)); diff != "" {
		t.Errorf("unexpected standings (-want +got):\n%s", diff)
	}
	if x.Problem != nil || x.Move != nil || x.Status.Successor != "b" || len(x.Watched) == 0 {
		t.Errorf("explain says %+v", x)
	}
	out, stderr, err := admin.run(t, newExplain, "web-leader", "--tanist-namespace", installation.namespace)
	if err != nil || !strings.Contains(out, "- b: successor, priority 0, on node node-of-b\n    placed by:    Announcement: it comes before c\n    to lead:      is next: leads as soon as a goes\n") {
		t.Errorf("explain of the leader Service is %v\n%s\n%s", err, out, stderr)
	}
	if out, _, err := admin.run(t, newRoot, cobra.ShellCompRequestCmd, "explain", "w"); err != nil || !strings.HasPrefix(out, "web\n:4\n") {
		t.Errorf("completion is %q, %v", out, err)
	}

	// While Tanist is away, the slice still names a leader that is gone.
	replica.stop()
	s.kill("a")
	x, _ = admin.explains(t, installation)
	if x.Move == nil || x.Move.To != "b" || x.Move.Reason != "LeaderGone" {
		t.Errorf("the move that is due is %+v", x.Move)
	}
	out, _, err = admin.run(t, newGet, "--no-headers", "--tanist-namespace", installation.namespace)
	if err != nil || !strings.HasPrefix(out, "web") || !strings.Contains(out, " a (gone) ") || !strings.Contains(out, "leader gone") {
		t.Errorf("get is %v\n%s", err, out)
	}
}

func TestExplainWorksWithTheRoleView(t *testing.T) {
	installation := newTanist(t)
	installation.startElected()
	s, _ := pair(t)
	goingNode := s.withNode("c")
	s.withReadyPod("web", "c", onNode(goingNode))
	s.cordon(goingNode)
	s.withPod("web", "d")
	s.follows("web-leader", "a", "b")
	// No controller aggregates the rules of the role view here. This is the role that they come from.
	s.bindRole("viewer", "system:aggregate-to-view")

	x, notes := kubectl{namespace: s.namespace, user: "viewer"}.explains(t, installation)
	want := []string{"a Leader", "b Successor", "c Candidate", "d Excluded NotReady"}
	if diff := cmp.Diff(want, standings(x)); diff != "" {
		t.Errorf("unexpected standings (-want +got):\n%s", diff)
	}
	for _, note := range []string{"nodes that are cordoned", "the tuning could not be read"} {
		if !strings.Contains(notes, note) {
			t.Errorf("there is no note about %s:\n%s", note, notes)
		}
	}
	if strings.Contains(notes, "rollouts") || strings.Contains(notes, "pods and how") || strings.Contains(notes, "namespace is opted in") {
		t.Errorf("the role view can read what a note misses:\n%s", notes)
	}
}

func TestExplainSaysWhyAServiceHasNoLeader(t *testing.T) {
	installation := newTanist(t)
	s := newNamespace(t)
	s.withService("web")
	s.annotate("web", config.EnabledKey, "")
	out, _, err := kubectl{namespace: s.namespace}.run(t, newExplain, "web", "--tanist-namespace", installation.namespace)
	want := fmt.Sprintf("%[1]s/web: Service not opted in: kubectl annotate service web --namespace %[1]s tanist.dev/enabled=true\n", s.namespace)
	if err != nil || out != want {
		t.Errorf("explain is %q, %v; want %q", out, err, want)
	}
	if _, _, err := (kubectl{namespace: s.namespace}).run(t, newExplain, "nothing"); err == nil || err.Error() != `services "nothing" not found` {
		t.Errorf("got error %v", err)
	}
}

// bindRole gives a user a ClusterRole in the namespace, and waits until the authorizer knows.
func (s *testNamespace) bindRole(user, role string) {
	s.t.Helper()
	if _, err := clientset.RbacV1().RoleBindings(s.namespace).Create(s.t.Context(), &rbacv1.RoleBinding{
		ObjectMeta: metav1.ObjectMeta{Name: user},
		RoleRef:    rbacv1.RoleRef{APIGroup: rbacv1.GroupName, Kind: "ClusterRole", Name: role},
		Subjects:   []rbacv1.Subject{{APIGroup: rbacv1.GroupName, Kind: rbacv1.UserKind, Name: user}},
	}, metav1.CreateOptions{}); err != nil {
		s.t.Fatalf("failed to bind %s: %v", role, err)
	}
	reader := kubectl{namespace: s.namespace, user: user}
	history.eventually(s.t, func() string {
		if _, _, err := reader.run(s.t, newGet); err != nil {
			return fmt.Sprintf("that %s has rights: %v", user, err)
		}
		return ""
	})
}
