package installation

import (
	"context"
	"strings"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/tanist-dev/tanist/config"
)

// WatchNamespaces returns the only namespaces that may opt in, as the replicas are told, separated by commas; empty if all may.
func WatchNamespaces(replica *corev1.PodSpec) string {
	only := ""
	for i := range replica.Containers {
		for _, argument := range replica.Containers[i].Args {
			if value, found := strings.CutPrefix(argument, "--watch-namespaces="); found {
				only = value
			}
		}
	}
	return only
}

// onlyNamespaces reads the only namespaces that may opt in. If the user may not read Tanist's Deployment, it returns none.
func (r Reader) onlyNamespaces(ctx context.Context) string {
	deployment, err := r.Client.AppsV1().Deployments(r.Namespace).Get(ctx, config.ReplicaName, metav1.GetOptions{})
	if err != nil {
		return ""
	}
	return WatchNamespaces(&deployment.Spec.Template.Spec)
}
