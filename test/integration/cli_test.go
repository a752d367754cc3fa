//go:build integration

package integration_test

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/spf13/cobra"
	rbacv1 "k8s.io/api/rbac/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/cli-runtime/pkg/genericiooptions"
	"k8s.io/client-go/rest"
	"k8s.io/client-go/tools/clientcmd"
	clientcmdapi "k8s.io/client-go/tools/clientcmd/api"

	"github.com/tanist-dev/tanist/cmd/kubectl-tanist/get"
	"github.com/tanist-dev/tanist/cmd/kubectl-tanist/handover"
	"github.com/tanist-dev/tanist/cmd/kubectl-tanist/status"
	"github.com/tanist-dev/tanist/config"
)

// kubectl is what kubectl's flags say: a user and a namespace.
type kubectl struct {
	namespace string
	user      string // empty: the cluster's administrator
}

func (k kubectl) ToRESTConfig() (*rest.Config, error) {
	config := rest.CopyConfig(cluster)
	config.Impersonate.UserName = k.user
	return config, nil
}

func (k kubectl) ToRawKubeConfigLoader() clientcmd.ClientConfig {
	return clientcmd.NewDefaultClientConfig(*clientcmdapi.NewConfig(), &clientcmd.ConfigOverrides{Context: clientcmdapi.Context{Namespace: k.namespace}})
}

// output can be read while it is written to.
type output struct {
	mu   sync.Mutex
	text bytes.Buffer
}

func (o *output) Write(p []byte) (int, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.text.Write(p)
}

func (o *output) String() string {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.text.String()
}

type newCommand func(k kubectl, streams genericiooptions.IOStreams) *cobra.Command

func newGet(k kubectl, streams genericiooptions.IOStreams) *cobra.Command {
	return get.NewCommand(k, streams)
}

func newHandover(k kubectl, streams genericiooptions.IOStreams) *cobra.Command {
	return handover.NewCommand(k, streams)
}

// begin starts a command. It runs until it ends or the context does.
func (k kubectl) begin(ctx context.Context, command newCommand, args ...string) (out, stderr *output, done <-chan error) {
	out, stderr = &output{}, &output{}
	c := command(k, genericiooptions.IOStreams{Out: out, ErrOut: stderr})
	c.SilenceErrors, c.SilenceUsage = true, true
	c.SetArgs(append([]string{}, args...)) // with nil it would take this process's own
	ended := make(chan error, 1)
	go func() { ended <- c.ExecuteContext(ctx) }()
	return out, stderr, ended
}

// run runs a command to its end.
func (k kubectl) run(t *testing.T, command newCommand, args ...string) (out, stderr string, err error) {
	t.Helper()
	o, e, done := k.begin(t.Context(), command, args...)
	err = <-done
	return o.String(), e.String(), err
}

// fields are a table's cells, row by row, without the age, which depends on the machine.
func fields(table string, age int) string {
	var rows []string
	for line := range strings.Lines(table) {
		cells := strings.Fields(line)
		if len(cells) > age {
			cells = append(cells[:age:age], cells[age+1:]...)
		}
		rows = append(rows, strings.Join(cells, " "))
	}
	return strings.Join(rows, "\n")
}

// ageColumn is the column SINCE in a Service's row without -A: SERVICE LEADER NODE SUCCESSOR TERM SINCE REASON WARNINGS.
const ageColumn = 5

func TestGetShowsWhoLeadsAfterHandovers(t *testing.T) {
	installation := newTanist(t)
	installation.startElected()
	s, _ := pair(t)
	user := kubectl{namespace: s.namespace}
	s.follows("web-leader", "a", "b")
	s.terminate("a")
	l := s.leads("web", "b")
	s.withReadyPod("web", "c")
	s.follows("web-leader", "b", "c")

	out, stderr, err := user.run(t, newGet, "--tanist-namespace", installation.namespace)
	if err != nil || stderr != "" {
		t.Fatalf("got %v, %s", err, stderr)
	}
	want := fmt.Sprintf("SERVICE LEADER NODE SUCCESSOR TERM REASON WARNINGS\nweb b node-of-b c %d LeaderDeleted no drain window", l.Term)
	if diff := cmp.Diff(want, fields(out, ageColumn)); diff != "" {
		t.Errorf("unexpected table (-want +got):\n%s", diff)
	}

	out, _, err = user.run(t, newGet, "web", "-o", "json", "--tanist-namespace", installation.namespace)
	if err != nil {
		t.Fatal(err)
	}
	var list status.List
	if err := json.Unmarshal([]byte(out), &list); err != nil {
		t.Fatal(err)
	}
	leader, address := list.Items[0], leadershipOf(history.slice(s.namespace, "web-leader-ipv4")).Address
	if leader.Leader.Name != "b" || leader.Successor != "c" || leader.Term != l.Term || leader.Candidates.Ready != 2 || leader.Leader.Addresses[0] != address {
		t.Errorf("got %s", out)
	}

	out, stderr, err = user.run(t, newGet, "web", "nothing", "--no-headers", "--tanist-namespace", "default")
	if err == nil || err.Error() != `services "nothing" not found` {
		t.Errorf("got error %v", err)
	}
	if !strings.HasPrefix(out, "web ") || !strings.HasPrefix(stderr, "Warning: Tanist is not running: there is no Lease tanist in namespace default") {
		t.Errorf("got %s\n%s", out, stderr)
	}
}

func TestGetWorksWithTheRightsOfItsUser(t *testing.T) {
	newTanist(t).startElected()
	s, first := pair(t)
	s.follows("web-leader", "a", "b")
	s.allow("clerk", rbacv1.PolicyRule{APIGroups: []string{""}, Resources: []string{"services"}, Verbs: []string{"get", "list", "watch"}},
		rbacv1.PolicyRule{APIGroups: []string{"discovery.k8s.io"}, Resources: []string{"endpointslices"}, Verbs: []string{"get", "list", "watch"}})

	clerk := kubectl{namespace: s.namespace, user: "clerk"}
	out, stderr, err := clerk.run(t, newGet, "-o", "wide")
	if err != nil {
		t.Fatal(err)
	}
	row := fmt.Sprintf("web a node-of-a b %d FirstLeader <none> web-leader oldest <unknown> <unknown> web-leader-ipv4 <none> <unknown> <none>", first.Term)
	if got := fields(out, ageColumn); !strings.HasSuffix(got, row) {
		t.Errorf("got %s, want %s", got, row)
	}
	for _, note := range []string{"Note: candidates, drain windows and revisions are not shown", "Note: whether they are opted in is not shown"} {
		if !strings.Contains(stderr, note) {
			t.Errorf("got %s, want %s", stderr, note)
		}
	}
	if _, _, err := (kubectl{namespace: s.namespace, user: "nobody"}).run(t, newGet); err == nil || !strings.Contains(err.Error(), "failed to list Services: services is forbidden") {
		t.Errorf("got %v", err)
	}
}

// allow gives a user rights in the namespace.
func (s *testNamespace) allow(user string, rules ...rbacv1.PolicyRule) {
	s.t.Helper()
	rbac, meta := clientset.RbacV1(), metav1.ObjectMeta{Name: user}
	if _, err := rbac.Roles(s.namespace).Create(s.t.Context(), &rbacv1.Role{ObjectMeta: meta, Rules: rules}, metav1.CreateOptions{}); err != nil {
		s.t.Fatal(err)
	}
	if _, err := rbac.RoleBindings(s.namespace).Create(s.t.Context(), &rbacv1.RoleBinding{
		ObjectMeta: meta, RoleRef: rbacv1.RoleRef{APIGroup: rbacv1.GroupName, Kind: "Role", Name: user},
		Subjects: []rbacv1.Subject{{APIGroup: rbacv1.GroupName, Kind: rbacv1.UserKind, Name: user}},
	}, metav1.CreateOptions{}); err != nil {
		s.t.Fatal(err)
	}
	// The authorizer learns of the rights by a watch.
	reader := kubectl{namespace: s.namespace, user: user}
	history.eventually(s.t, func() string {
		if _, _, err := reader.run(s.t, newGet); err != nil {
			return fmt.Sprintf("that %s has rights: %v", user, err)
		}
		return ""
	})
}

func TestGetSaysWhatIsWrong(t *testing.T) {
	newTanist(t).startElected()
	s := newNamespace(t)
	s.withService("web")
	warns := func(want string) {
		t.Helper()
		history.eventually(t, func() string {
			out, _, err := kubectl{namespace: s.namespace}.run(t, newGet, "--no-headers")
			if err != nil {
				t.Fatal(err)
			}
			if got := strings.TrimSpace(out); !strings.HasSuffix(got, want) {
				return want + "; got " + got
			}
			return ""
		})
	}
	warns("no leader: no pod selected")
	s.withPod("web", "a")
	warns("no leader: no ready pod")
	s.ready("a")
	warns("no drain window")
	s.terminate("a")
	warns("leader terminating")
	s.annotate("web", config.StrategyKey, "best")
	warns("wrong annotation strategy, leader terminating")
	s.annotate("web", config.StrategyKey, "")
	s.label(`null`)
	warns("namespace not opted in, leader terminating")
}

func TestGetWatchPrintsARowForEveryChange(t *testing.T) {
	newTanist(t).startElected()
	s, first := pair(t)
	s.follows("web-leader", "a", "b")
	ctx, cancel := context.WithCancel(t.Context())
	out, _, done := kubectl{namespace: s.namespace}.begin(ctx, newGet, "web", "-w", "--no-headers")
	shows := func(row string) {
		t.Helper()
		history.eventually(t, func() string {
			if got := fields(out.String(), ageColumn); !strings.HasSuffix(got, row) {
				return row + "; got\n" + got
			}
			return ""
		})
	}
	shows(fmt.Sprintf("web a node-of-a b %d FirstLeader no drain window", first.Term))
	for i := range 5 {
		s.withReadyPod("web", fmt.Sprint("pod-", i))
	}
	s.status("pod-0", `{"message":"nothing that is shown"}`)
	s.terminate("a")
	second := s.leads("web", "b")
	shows(fmt.Sprintf("web b node-of-b pod-0 %d LeaderDeleted no drain window", second.Term))
	s.terminate("b")
	third := s.leads("web", "pod-0")
	shows(fmt.Sprintf("web pod-0 node-of-pod-0 pod-1 %d LeaderDeleted no drain window", third.Term))
	s.annotate("web", config.EnabledKey, "")
	// A Service that is named is shown even if it has not opted in.
	shows("web <none> <none> <none> <none> <none> Service not opted in")
	s.deleteService("web")
	shows("web <none> <none> <none> <none> <none> gone")
	cancel()
	if err := <-done; err != nil {
		t.Errorf("got %v", err)
	}
	rows := strings.Split(fields(out.String(), ageColumn), "\n")
	for i := 1; i < len(rows); i++ {
		if rows[i] == rows[i-1] {
			t.Errorf("row %d is the same as before: %s", i, rows[i])
		}
	}
	for _, l := range []leadership{first, second, third} {
		if !strings.Contains(strings.Join(rows, "\n"), fmt.Sprintf(" %d ", l.Term)) {
			t.Errorf("no row of term %d", l.Term)
		}
	}
}
