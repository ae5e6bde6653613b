package main

import (
	"os"
	"os/signal"
	"syscall"

	conf "sotto/cmd/sotto/config"
)

// reloadOnHangup reads the configuration again at each SIGHUP until the function
// that it returns is called. Until the model is loaded, which reads it too, it waits.
func (d *daemon) reloadOnHangup(loaded <-chan struct{}) (stop func()) {
	hangups := make(chan os.Signal, 1)
	signal.Notify(hangups, syscall.SIGHUP)
	done, stopped := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(stopped)
		select {
		case <-loaded:
		case <-done:
			return
		}
		for {
			select {
			case <-hangups:
				d.supervisor.reloading(d.reload)
			case <-done:
				return
			}
		}
	}()
	return func() {
		signal.Stop(hangups)
		close(done)
		<-stopped
	}
}

// reload takes what may change while the server runs. What is refused changes
// nothing.
func (d *daemon) reload() {
	told, err := d.told.load()
	if err != nil {
		d.log.Error("configuration refused, the old one stays", "error", err.Error())
		return
	}
	changed, later := []string{}, []string{}
	for _, change := range conf.Changes(&d.config, &told.Config) {
		if change.Key.Live {
			changed = append(changed, change.String())
		} else {
			later = append(later, change.String())
		}
	}
	d.config.Adopt(&told.Config)
	d.readFilesAgain()
	before := d.level.Level()
	d.setLevel()
	after := d.level.Level()
	d.level.Set(min(before, after)) // whoever listened or will listen is told
	d.log.Info("configuration read again", "changed", changed, "after a restart", later)
	d.level.Set(after)
}
