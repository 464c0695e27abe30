"""The daemon as a process: started, asked, killed, restarted."""
