# Job: the picture of a soak, from what tests/soak/run has left in the directory `out`: memory above, CPU below.
set terminal svg size 1200,800 dynamic background "white"
set output out."/soak.svg"
set multiplot layout 2,1
set xlabel "seconds"
set grid
set key outside right top
set xrange [0:*]
set yrange [0:limit * 1.1]
set ylabel "MiB"
set title sprintf("MEMLIMIT=%dMiB: resident memory against goal and limit", limit)
plot limit title "limit" with lines linewidth 2 linecolor "red", \
     out."/samples.tsv" using 1:2 title "resident" with lines linewidth 1.5 linecolor "black", \
     out."/cycles.tsv" using 1:2 title "goal" with steps linecolor "orange", \
     out."/cycles.tsv" using 1:3 title "live" with steps linecolor "blue"
set yrange [0:*]
set ylabel "% of all processors"
set title "Collecting"
plot out."/cycles.tsv" using 1:4 title "GC CPU, by cycle" with points pointtype 7 pointsize 0.3 linecolor "gray", \
     out."/cycles.tsv" using 1:5 title "since the start" with lines linewidth 2 linecolor "dark-green"
unset multiplot
