package app

import (
	"cmp"
	"fmt"
	"os"
)

// podUIDVariable and podNameVariable are the environment variables in which the chart passes the UID and the name of the pod.
const (
	podUIDVariable  = "POD_UID"
	podNameVariable = "POD_NAME"
)

// podName returns the name of this replica's pod. Without the variable it is the host name, which is the node's name in the host network.
func podName() (string, error) {
	host, err := os.Hostname()
	if err != nil {
		return "", fmt.Errorf("failed to get host name: %w", err)
	}
	return cmp.Or(os.Getenv(podNameVariable), host), nil
}
