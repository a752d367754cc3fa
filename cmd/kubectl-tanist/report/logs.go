package report

import (
	"context"
	"strconv"

	corev1 "k8s.io/api/core/v1"

	"github.com/tanist-dev/tanist/cmd/kubectl-tanist/installation"
)

// logs adds the log of a replica, of its last container too if that was restarted, and its metrics if they are for anybody.
func (c *collector) logs(ctx context.Context, pod *corev1.Pod) {
	for i := range pod.Status.ContainerStatuses {
		s := &pod.Status.ContainerStatuses[i]
		file := "tanist/logs/" + pod.Name + "." + s.Name
		c.log(ctx, file+".log", pod.Name, &corev1.PodLogOptions{Container: s.Name})
		if s.RestartCount > 0 {
			c.log(ctx, file+".previous.log", pod.Name, &corev1.PodLogOptions{Container: s.Name, Previous: true})
		}
	}
	c.metrics(ctx, pod)
}

func (c *collector) log(ctx context.Context, file, pod string, options *corev1.PodLogOptions) {
	stream, err := c.client.CoreV1().Pods(c.tanistNamespace).GetLogs(pod, options).Stream(ctx)
	if c.archive.missing(file, err) {
		return
	}
	defer stream.Close()
	text, err := tail(stream, logLimit)
	c.archive.missing(file, err) // what came before the error is added all the same
	c.archive.add(file, text)
}

// metrics asks through the API server, which passes no credentials on. A user's token must not be sent to a pod, so metrics that are for some only
// are left out.
func (c *collector) metrics(ctx context.Context, pod *corev1.Pod) {
	file := "tanist/metrics/" + pod.Name + ".txt"
	port, why := installation.OpenMetrics(&pod.Spec)
	if why != "" {
		c.archive.contents.Missing = append(c.archive.contents.Missing, Missing{file, why})
		return
	}
	text, err := c.client.CoreV1().Pods(c.tanistNamespace).ProxyGet("http", pod.Name, strconv.Itoa(int(port)), "metrics", nil).DoRaw(ctx)
	if !c.archive.missing(file, err) {
		c.archive.add(file, text)
	}
}
