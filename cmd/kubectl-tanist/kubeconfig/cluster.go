package kubeconfig

import (
	"fmt"

	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/rest"
	"k8s.io/client-go/tools/clientcmd"
)

// Cluster is the cluster that kubectl's own flags select.
type Cluster interface {
	ToRESTConfig() (*rest.Config, error)
	ToRawKubeConfigLoader() clientcmd.ClientConfig
}

// Namespace returns the namespace that --namespace or the current context selects.
func Namespace(cluster Cluster) (string, error) {
	namespace, _, err := cluster.ToRawKubeConfigLoader().Namespace()
	if err != nil {
		return "", fmt.Errorf("failed to read namespace: %w", err)
	}
	return namespace, nil
}

// Client returns a client of the cluster. It asks the cluster nothing. The options change a copy of the client's configuration.
func Client(cluster Cluster, options ...func(*rest.Config)) (*kubernetes.Clientset, error) {
	config, err := cluster.ToRESTConfig()
	if err != nil {
		return nil, fmt.Errorf("failed to read kubeconfig: %w", err)
	}
	config = rest.CopyConfig(config)
	for _, option := range options {
		option(config)
	}
	client, err := kubernetes.NewForConfig(config)
	if err != nil {
		return nil, fmt.Errorf("failed to create client: %w", err)
	}
	return client, nil
}

// AllAtOnce is an option of Client for commands that send many requests and then end. Such a client does not limit its requests. It shows no
// warnings of the API server, which warns everybody who reads Endpoints.
func AllAtOnce(config *rest.Config) {
	config.QPS = -1
	config.WarningHandler = rest.NoWarnings{}
}
