# Java: a virtual machine with its collectors and compilers, many threads, a
# compiler.
# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (C) 2026 the udocker authors
#
# needs: java javac
# shellcheck shell=sh

cat > Main.java << 'EOD'
import java.io.*;
import java.nio.channels.*;
import java.nio.file.*;
import java.util.*;
import java.util.concurrent.*;
import java.util.concurrent.atomic.*;

public class Main
{
  static void work (int number, AtomicInteger wrong)
  {
    try
      {
        for (int i = 0; i < 10; i++)
          {
            Path path = Path.of ("dir/../f" + number + "-" + i);
            Path other = Path.of ("dir/f" + number + "-" + i);
            Files.writeString (path, path.toString ());
            Files.move (path, other);
            if (!Files.readString (other).equals (path.toString ()))
              wrong.incrementAndGet ();
            Files.delete (other);
            if (Files.exists (other))
              wrong.incrementAndGet ();
            byte[][] garbage = new byte[50][];
            for (int j = 0; j < 50; j++)
              garbage[j] = new byte[4096];
          }
      }
    catch (IOException error)
      {
        wrong.incrementAndGet ();
      }
  }

  public static void main (String[] arguments) throws Exception
  {
    Files.createDirectory (Path.of ("dir"));
    AtomicInteger wrong = new AtomicInteger ();
    List<Thread> threads = new ArrayList<> ();
    for (int i = 0; i < 200; i++)
      {
        final int number = i;
        Thread thread = new Thread (() -> work (number, wrong));
        threads.add (thread);
        thread.start ();
      }
    for (Thread thread : threads)
      thread.join ();
    System.out.println ("threads " + wrong);
    System.gc ();
    ForkJoinPool pool = new ForkJoinPool (16);
    System.out.println ("sum " + pool.submit (() ->
      java.util.stream.IntStream.range (0, 100000).parallel ().asLongStream ()
        .sum ()).get ());
    Process process = new ProcessBuilder ("sh", "-c", "pwd; exit 7")
      .directory (new File ("dir")).start ();
    System.out.print (new String (process.getInputStream ().readAllBytes ()));
    System.out.println ("status " + process.waitFor ());
    try
      {
        new ProcessBuilder ("/no/such/program").start ();
      }
    catch (IOException error)
      {
        System.out.println (error.getMessage ());
      }
    try (FileChannel channel = FileChannel.open (Path.of ("lock"),
           StandardOpenOption.CREATE, StandardOpenOption.WRITE,
           StandardOpenOption.READ);
         FileLock lock = channel.lock ())
      {
        channel.map (FileChannel.MapMode.READ_WRITE, 0, 100).put (0, (byte) 'm');
        System.out.println ("lock " + lock.isValid () + " " + channel.size ());
      }
    WatchService watch = Path.of ("dir").getFileSystem ()
      .newWatchService ();
    Path.of ("dir").register (watch, StandardWatchEventKinds.ENTRY_CREATE);
    Files.createFile (Path.of ("dir/watched"));
    WatchKey key = watch.poll (60, TimeUnit.SECONDS);
    System.out.println ("watched " + key.pollEvents ().get (0).context ());
    int[] deep = new int[1];
    try
      {
        recurse (deep);
      }
    catch (StackOverflowError error)
      {
        System.out.println ("overflow " + (deep[0] > 100));
      }
    try
      {
        Object nothing = arguments.length > 100 ? "" : null;
        nothing.hashCode ();
      }
    catch (NullPointerException error)
      {
        System.out.println ("null");
      }
    System.out.println (Path.of ("dir/../dir").toRealPath () + " "
      + ProcessHandle.current ().info ().command ().map (s ->
          Path.of (s).getFileName ().toString ()).orElse ("?"));
    System.exit (4);
  }

  static void recurse (int[] deep)
  {
    deep[0]++;
    recurse (deep);
  }
}
EOD
javac Main.java 2>&1
echo "compiled $?"
java -Xshare:auto Main 2>&1
echo "status $?"
for collector in UseSerialGC UseParallelGC UseG1GC UseZGC; do
  rm -rf dir lock
  java -XX:+$collector -Xmx200m -Xss512k Main 2>&1 | cksum
done
