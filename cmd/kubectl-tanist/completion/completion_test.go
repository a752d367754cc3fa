package completion

import (
	"bytes"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/spf13/cobra"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/rest"
	"k8s.io/client-go/tools/clientcmd"
	clientcmdapi "k8s.io/client-go/tools/clientcmd/api"

	"github.com/tanist-dev/tanist/config"
)

type fakeCluster struct{ url string }

func (c fakeCluster) ToRESTConfig() (*rest.Config, error) { return &rest.Config{Host: c.url}, nil }

func (c fakeCluster) ToRawKubeConfigLoader() clientcmd.ClientConfig {
	return clientcmd.NewDefaultClientConfig(*clientcmdapi.NewConfig(), &clientcmd.ConfigOverrides{Context: clientcmdapi.Context{Namespace: "shop"}})
}

// serve answers as an API server that has five Services, two namespaces and two nodes.
func serve(t *testing.T) fakeCluster {
	t.Helper()
	service := func(name, enabled string) corev1.Service {
		s := corev1.Service{ObjectMeta: metav1.ObjectMeta{Namespace: "shop", Name: name}}
		if enabled != "" {
			s.Annotations = map[string]string{config.EnabledKey: enabled}
		}
		return s
	}
	answers := map[string]any{
		"/api/v1/namespaces/shop/services": corev1.ServiceList{
			TypeMeta: metav1.TypeMeta{APIVersion: "v1", Kind: "ServiceList"},
			Items:    []corev1.Service{service("web", "true"), service("wiki", "yes"), service("payments", "true"), service("plain", ""), service("out", "false")},
		},
		"/api/v1/namespaces": corev1.NamespaceList{
			TypeMeta: metav1.TypeMeta{APIVersion: "v1", Kind: "NamespaceList"},
			Items:    []corev1.Namespace{{ObjectMeta: metav1.ObjectMeta{Name: "shop"}}, {ObjectMeta: metav1.ObjectMeta{Name: "default"}}},
		},
		"/api/v1/nodes": corev1.NodeList{
			TypeMeta: metav1.TypeMeta{APIVersion: "v1", Kind: "NodeList"},
			Items:    []corev1.Node{{ObjectMeta: metav1.ObjectMeta{Name: "node-2"}}, {ObjectMeta: metav1.ObjectMeta{Name: "node-1"}}},
		},
	}
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		answer, found := answers[r.URL.Path]
		if !found {
			w.WriteHeader(http.StatusForbidden)
			return
		}
		w.Header().Set("Content-Type", "application/json")
		_ = json.NewEncoder(w).Encode(answer) // the test fails if the answer is incomplete
	}))
	t.Cleanup(server.Close)
	return fakeCluster{server.URL}
}

func TestCompletion(t *testing.T) {
	cluster := serve(t)
	for name, test := range map[string]struct {
		args    []string
		cluster fakeCluster
		want    []string
	}{
		"Services that ask for a leader":     {args: []string{"explain", ""}, cluster: cluster, want: []string{"payments", "web", "wiki", ":4"}},
		"Services with a prefix":             {args: []string{"explain", "w"}, cluster: cluster, want: []string{"web", "wiki", ":4"}},
		"a command that takes one":           {args: []string{"explain", "web", ""}, cluster: cluster, want: []string{":4"}},
		"a command that takes several":       {args: []string{"get", "web", ""}, cluster: cluster, want: []string{"payments", "wiki", ":4"}},
		"no names with all namespaces":       {args: []string{"get", "-A", ""}, cluster: cluster, want: []string{":4"}},
		"a command without a Service":        {args: []string{"rotate", ""}, cluster: cluster, want: []string{":4"}},
		"namespaces":                         {args: []string{"explain", "web", "--namespace", ""}, cluster: cluster, want: []string{"default", "shop", ":4"}},
		"the namespace of Tanist":            {args: []string{"explain", "--tanist-namespace", "d"}, cluster: cluster, want: []string{"default", ":4"}},
		"nodes":                              {args: []string{"explain", "--node", "n"}, cluster: cluster, want: []string{"node-1", "node-2", ":4"}},
		"a cluster that cannot be reached":   {args: []string{"explain", ""}, cluster: fakeCluster{"http://127.0.0.1:1"}, want: []string{":1"}},
		"what the user has no permission to": {args: []string{"explain", ""}, cluster: fakeCluster{cluster.url + "/none"}, want: []string{":1"}},
	} {
		t.Run(name, func(t *testing.T) {
			root := &cobra.Command{Use: "kubectl-tanist"}
			root.PersistentFlags().StringP("namespace", "n", "", "")
			run := func(*cobra.Command, []string) {}
			explain, get := &cobra.Command{Use: "explain SERVICE", Run: run}, &cobra.Command{Use: "get [SERVICE...]", Run: run}
			explain.Flags().String("tanist-namespace", "", "")
			explain.Flags().String("node", "", "")
			get.Flags().BoolP("all-namespaces", "A", false, "")
			root.AddCommand(explain, get, &cobra.Command{Use: "rotate", Run: run})
			Add(root, test.cluster)
			var out bytes.Buffer
			root.SetOut(&out)
			root.SetErr(&bytes.Buffer{})
			root.SetArgs(append([]string{cobra.ShellCompRequestCmd}, test.args...))
			if err := root.ExecuteContext(t.Context()); err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(test.want, strings.Fields(out.String())); diff != "" {
				t.Errorf("unexpected completions (-want +got):\n%s", diff)
			}
		})
	}
}
