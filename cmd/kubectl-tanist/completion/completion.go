package completion

import (
	"context"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/kubernetes"

	"github.com/tanist-dev/tanist/cmd/kubectl-tanist/kubeconfig"
	"github.com/tanist-dev/tanist/config"
)

// timeout is how long the API server may take. The user's shell waits meanwhile.
const timeout = 5 * time.Second

// Add completes the arguments of all commands below root that take a SERVICE, and the flags that take a namespace or a node. No other argument of the
// plugin is the name of a file, so files are never offered.
func Add(root *cobra.Command, cluster kubeconfig.Cluster) {
	for _, command := range root.Commands() {
		command.ValidArgsFunction = cobra.NoFileCompletions
		if strings.Contains(command.Use, "SERVICE") {
			command.ValidArgsFunction = services(cluster, strings.Contains(command.Use, "SERVICE..."))
		}
		if command.Flags().Lookup("tanist-namespace") != nil {
			_ = command.RegisterFlagCompletionFunc("tanist-namespace", namespaces(cluster)) // fails only for a flag that does not exist
		}
		if command.Flags().Lookup("node") != nil {
			_ = command.RegisterFlagCompletionFunc("node", nodes(cluster)) // as above
		}
	}
	if root.PersistentFlags().Lookup("namespace") != nil {
		_ = root.RegisterFlagCompletionFunc("namespace", namespaces(cluster)) // as above
	}
}

// services completes the name of a Service, or of several.
func services(cluster kubeconfig.Cluster, several bool) cobra.CompletionFunc {
	return func(command *cobra.Command, args []string, prefix string) ([]cobra.Completion, cobra.ShellCompDirective) {
		if all := command.Flags().Lookup("all-namespaces"); len(args) > 0 && !several || all != nil && all.Value.String() == "true" {
			return nil, cobra.ShellCompDirectiveNoFileComp
		}
		namespace, _, err := cluster.ToRawKubeConfigLoader().Namespace()
		if err != nil {
			return nil, cobra.ShellCompDirectiveError
		}
		return complete(command, cluster, func(ctx context.Context, client kubernetes.Interface) ([]string, error) {
			list, err := client.CoreV1().Services(namespace).List(ctx, metav1.ListOptions{})
			if err != nil {
				return nil, err
			}
			return matching(optedIn(list.Items), args, prefix), nil
		})
	}
}

// namespaces completes the name of a namespace.
func namespaces(cluster kubeconfig.Cluster) cobra.CompletionFunc {
	return func(command *cobra.Command, _ []string, prefix string) ([]cobra.Completion, cobra.ShellCompDirective) {
		return complete(command, cluster, func(ctx context.Context, client kubernetes.Interface) ([]string, error) {
			list, err := client.CoreV1().Namespaces().List(ctx, metav1.ListOptions{})
			if err != nil {
				return nil, err
			}
			var names []string
			for i := range list.Items {
				names = append(names, list.Items[i].Name)
			}
			return matching(names, nil, prefix), nil
		})
	}
}

// nodes completes the name of a node.
func nodes(cluster kubeconfig.Cluster) cobra.CompletionFunc {
	return func(command *cobra.Command, _ []string, prefix string) ([]cobra.Completion, cobra.ShellCompDirective) {
		return complete(command, cluster, func(ctx context.Context, client kubernetes.Interface) ([]string, error) {
			list, err := client.CoreV1().Nodes().List(ctx, metav1.ListOptions{})
			if err != nil {
				return nil, err
			}
			var names []string
			for i := range list.Items {
				names = append(names, list.Items[i].Name)
			}
			return matching(names, nil, prefix), nil
		})
	}
}

// complete lists names with the user's own permissions.
func complete(
	command *cobra.Command, cluster kubeconfig.Cluster, list func(context.Context, kubernetes.Interface) ([]string, error),
) ([]cobra.Completion, cobra.ShellCompDirective) {
	client, err := kubeconfig.Client(cluster)
	if err != nil {
		return nil, cobra.ShellCompDirectiveError
	}
	ctx, cancel := context.WithTimeout(command.Context(), timeout)
	defer cancel()
	names, err := list(ctx, client)
	if err != nil {
		return nil, cobra.ShellCompDirectiveError
	}
	return names, cobra.ShellCompDirectiveNoFileComp
}

// optedIn returns the names of the Services that ask for a leader Service, also in a wrong way.
func optedIn(items []corev1.Service) []string {
	var names []string
	for i := range items {
		if annotations := items[i].Annotations; config.Enabled(annotations) || config.Mistyped(annotations) {
			names = append(names, items[i].Name)
		}
	}
	return names
}

// matching returns the names with a prefix, sorted, without those that are on the command line already.
func matching(names, given []string, prefix string) []string {
	var found []string
	for _, name := range names {
		if strings.HasPrefix(name, prefix) && !slices.Contains(given, name) {
			found = append(found, name)
		}
	}
	slices.Sort(found)
	return found
}
